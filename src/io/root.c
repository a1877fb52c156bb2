#include "io/root.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/atomic-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID_FILE "boot-id"
#define BOOT_ID_MAX  64

/* How many directories deep a removal goes before it moves what is deeper to the top. A tree that a
 * container or a layer has made may be deeper than there are descriptors, or room on the stack. */
#define REMOVE_DEPTH 16

struct removal {
	int top_fd;
	dev_t device;
	unsigned moved;
	bool keep_sockets; /* at the top */
};

static int remove_below(struct removal *removal, int dir_fd, unsigned depth);

static int move_to_top(struct removal *removal, int dir_fd, const char *name)
{
	char moved[32];
	int r;

	do {
		(void)snprintf(moved, sizeof(moved), ".removed-%u", removal->moved++);
		r = renameat2(dir_fd, name, removal->top_fd, moved, RENAME_NOREPLACE);
	} while (r < 0 && errno == EEXIST);
	return r < 0 ? -errno : 0;
}

static int remove_entry(struct removal *removal, int dir_fd, const char *name, unsigned depth)
{
	auto_fd int fd = -EBADF;
	struct stat st;
	int r;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != removal->device)
		return -EBUSY;
	/* An empty one goes at once, the others wait at the top for the next round. */
	if (depth == REMOVE_DEPTH && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		return errno == ENOTEMPTY ? move_to_top(removal, dir_fd, name) : -errno;
	if (depth == REMOVE_DEPTH)
		return 0;
	r = remove_below(removal, fd, depth + 1);
	if (r < 0)
		return r;
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static bool is_kept(const struct removal *removal, int dir_fd, const char *name, unsigned depth)
{
	struct stat st;

	return removal->keep_sockets && depth == 0 &&
	       fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
}

static int remove_below(struct removal *removal, int dir_fd, unsigned depth)
{
	struct dirent *entry;
	int copy, r = 0;
	DIR *dir;

	copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir) {
		(void)fd_close(copy);
		return -errno;
	}
	while ((entry = readdir(dir))) {
		int one;

		if (STREQ(entry->d_name, ".") || STREQ(entry->d_name, "..") ||
		    is_kept(removal, dir_fd, entry->d_name, depth))
			continue;
		one = remove_entry(removal, dir_fd, entry->d_name, depth);
		if (one < 0)
			r = one;
	}
	(void)closedir(dir);
	return r;
}

static int empty(int dir_fd, bool keep_sockets)
{
	struct removal removal = {.top_fd = dir_fd, .keep_sockets = keep_sockets};
	struct stat st;
	unsigned before;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	removal.device = st.st_dev;
	do {
		before = removal.moved;
		r = remove_below(&removal, dir_fd, 0);
	} while (r == 0 && removal.moved != before);
	return r;
}

int tree_empty(int dir_fd)
{
	return empty(dir_fd, false);
}

int tree_remove(int dir_fd, const char *name)
{
	auto_fd int fd = -EBADF;
	struct stat above, st;
	int r;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(dir_fd, &above) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (above.st_dev != st.st_dev)
		return -EBUSY;
	r = tree_empty(fd);
	if (r < 0)
		return r;
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* FNV-1a; only tells folders apart, nothing rests on it being hard to forge. */
static uint32_t hash_name(const char *s)
{
	uint32_t hash = 2166136261u;

	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	return hash;
}

static void make_tag(struct root *root)
{
	if (STREQ(root->dir, ROOT_DIR_DEFAULT))
		(void)snprintf(root->tag, sizeof(root->tag), "kist");
	else
		(void)snprintf(root->tag, sizeof(root->tag), "kist-%08x", hash_name(root->dir));
}

static char *choose(const char *given, const char *variable, const char *fallback, const char *xdg)
{
	const char *value = given ? given : secure_getenv(variable);
	const char *home;

	if (value && *value)
		return mem_strdup(value);
	if (geteuid() == 0)
		return mem_strdup(fallback);
	home = secure_getenv(xdg);
	if (home && *home == '/')
		return mem_printf("%s/kist", home);
	if (STREQ(xdg, "XDG_DATA_HOME") && (home = secure_getenv("HOME")) && *home == '/')
		return mem_printf("%s/.local/share/kist", home);
	return mem_printf("/tmp/kist-%u", (unsigned)geteuid());
}

/* Like mkdir -p for our own folder: each missing component 0700. */
static int make_folder(const char *path)
{
	auto_free char *copy = mem_strdup(path);

	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST && (!c || errno != EROFS))
			return -errno;
		*p = c;
		if (!c)
			return 0;
	}
}

static int open_folder(char **path, const char *option, struct error *err)
{
	char resolved[PATH_MAX];
	struct stat st;
	int fd, r;

	if (**path != '/') {
		char cwd[PATH_MAX];
		char *absolute;

		if (!getcwd(cwd, sizeof(cwd)))
			return error_errno(err, errno,
					   "open state folder %s: find the current folder", *path);
		absolute = mem_printf("%s/%s", cwd, *path);
		free(*path);
		*path = absolute;
	}
	r = make_folder(*path);
	if (r < 0)
		return error_errno(err, r, "create state folder %s (choose another with %s)", *path,
				   option);
	if (!realpath(*path, resolved))
		return error_errno(err, errno, "open state folder %s", *path);
	free(*path);
	*path = mem_strdup(resolved);
	fd = open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "open state folder %s (choose another with %s)",
				   *path, option);
	if (fstat(fd, &st) < 0) {
		r = error_errno(err, errno, "look at state folder %s", *path);
		(void)fd_close(fd);
		return r;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 022) ||
	    faccessat(fd, ".", W_OK, AT_EACCESS) < 0) {
		(void)fd_close(fd);
		return error_set(
			err, ERROR_DENIED,
			"open state folder %s: it must be writable for this user and for nobody "
			"else; choose another with %s",
			*path, option);
	}
	return fd;
}

static int empty_after_boot(struct root *root, struct error *err)
{
	auto_free char *seen = NULL, *now = NULL;
	auto_fd int proc = -EBADF;
	size_t seen_len, now_len;
	int r;

	proc = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	r = proc < 0 ? -errno : fd_read_all(proc, BOOT_ID_MAX, &now, &now_len);
	if (r < 0)
		return error_errno(err, r, "read the boot id");
	r = atomic_read(root->run_fd, BOOT_ID_FILE, BOOT_ID_MAX, &seen, &seen_len);
	if (r == 0 && STREQ(seen, now))
		return 0;
	/* First command since the boot: one process empties, the others wait for it. */
	if (flock(root->run_fd, LOCK_EX) < 0)
		return error_errno(err, errno, "lock %s", root->run);
	mem_freep(&seen);
	r = atomic_read(root->run_fd, BOOT_ID_FILE, BOOT_ID_MAX, &seen, &seen_len);
	if (r == -ENOENT || (r == 0 && !STREQ(seen, now)))
		/* A service manager listens for us before the first of us runs. */
		r = empty(root->run_fd, true);
	if (r == 0)
		r = atomic_write(root->run_fd, BOOT_ID_FILE, now, now_len, 0600, 0);
	(void)flock(root->run_fd, LOCK_UN);
	return r < 0 ? error_errno(err, r, "prepare %s after a boot", root->run) : 0;
}

int root_open(const char *dir, const char *run, struct root *ret, struct error *err)
{
	auto_root root = {.dir_fd = -EBADF, .run_fd = -EBADF};
	int r;

	root.dir = choose(dir, "KIST_ROOT", ROOT_DIR_DEFAULT, "XDG_DATA_HOME");
	root.run = choose(run, "KIST_RUNROOT", ROOT_RUN_DEFAULT, "XDG_RUNTIME_DIR");
	root.dir_fd = open_folder(&root.dir, "--root", err);
	if (root.dir_fd < 0)
		return root.dir_fd;
	root.run_fd = open_folder(&root.run, "--runroot", err);
	if (root.run_fd < 0)
		return root.run_fd;
	r = empty_after_boot(&root, err);
	if (r < 0)
		return r;
	make_tag(&root);
	*ret = root;
	root = (struct root) {.dir_fd = -EBADF, .run_fd = -EBADF};
	return 0;
}

void root_release(struct root *root)
{
	root->dir_fd = fd_close(root->dir_fd);
	root->run_fd = fd_close(root->run_fd);
	mem_freep(&root->dir);
	mem_freep(&root->run);
}

static int open_below(int base_fd, const char *base, const char *path, struct error *err)
{
	auto_free char *copy = mem_strdup(path);
	char *state = NULL;
	int fd = -EBADF;

	for (char *part = strtok_r(copy, "/", &state); part; part = strtok_r(NULL, "/", &state)) {
		int next = directory_open(fd < 0 ? base_fd : fd, part, 0700);

		(void)fd_close(fd);
		if (next < 0)
			return error_errno(err, next, "open %s/%s", base, path);
		fd = next;
	}
	return fd;
}

int root_dir_open(const struct root *root, const char *path, struct error *err)
{
	return open_below(root->dir_fd, root->dir, path, err);
}

int root_run_open(const struct root *root, const char *path, struct error *err)
{
	return open_below(root->run_fd, root->run, path, err);
}
