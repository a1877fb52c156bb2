#include "swap.h"

#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { COMPONENTS_MAX = 32 };

/* A path on its way: the folder that holds the next component, and what comes after it. */
struct walk {
	int dir_fd; /* owned; -EBADF at the end */
	char text[PATH_MAX];
	char *rest;
	char *name; /* of the current component */
	unsigned number;
	bool exists;
	mode_t mode;
};

static void walk_release(struct walk *walk)
{
	walk->dir_fd = fd_close(walk->dir_fd);
}

static int walk_start(struct walk *walk, pid_t pid, struct call_path which, const uint64_t *args)
{
	char start[64];
	int r = call_read_string(pid, args[which.path], walk->text, sizeof(walk->text));
	int dirfd = which.dirfd < 0 ? AT_FDCWD : (int)args[which.dirfd];

	if (r < 0)
		return r;
	if (walk->text[0] == '/')
		snprintf(start, sizeof(start), "/proc/%d/root", pid);
	else if (dirfd == AT_FDCWD)
		snprintf(start, sizeof(start), "/proc/%d/cwd", pid);
	else
		snprintf(start, sizeof(start), "/proc/%d/fd/%d", pid, dirfd);
	walk->dir_fd = open(start, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk->dir_fd < 0)
		return -errno;
	walk->rest = walk->text;
	walk->number = 0;
	walk->name = NULL;
	return 0;
}

/* Goes to the next component that is a name. False behind the last, behind what does not exist,
 * and behind what is no folder: a symlink leads elsewhere, and its own components are not named. */
static bool walk_next(struct walk *walk)
{
	struct stat st;
	int next;

	do {
		if (walk->name) {
			if (!walk->exists || !S_ISDIR(walk->mode))
				return false;
			next = openat(walk->dir_fd, walk->name,
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (next < 0)
				return false;
			fd_close(walk->dir_fd);
			walk->dir_fd = next;
			walk->number++;
		}
		while (*walk->rest == '/')
			walk->rest++;
		if (!*walk->rest || walk->number >= COMPONENTS_MAX)
			return false;
		walk->name = walk->rest;
		walk->rest += strcspn(walk->rest, "/");
		if (*walk->rest)
			*walk->rest++ = 0;
		walk->exists = fstatat(walk->dir_fd, walk->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
		walk->mode = walk->exists ? st.st_mode : 0;
	} while (STREQ(walk->name, ".") || STREQ(walk->name, ".."));
	return true;
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static bool is_below(int below_fd, int fd)
{
	auto_fd int cur = fd_dup(fd);

	while (cur >= 0) {
		int up;

		if (same_file(cur, below_fd))
			return true;
		up = openat(cur, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || same_file(up, cur)) {
			fd_close(up);
			return false;
		}
		fd_close(cur);
		cur = up;
	}
	return false;
}

static bool is_containers_overlay(int fd)
{
	struct stat here, host;
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC &&
	       fstat(fd, &here) == 0 && stat("/", &host) == 0 && here.st_dev != host.st_dev;
}

/* The folder @fd as an attacker holds it: through a mount of step's own, which nobody has made
 * read-only, or the overlay itself. -EACCES if it is out of an attacker's reach. */
static int open_for_attack(const struct swap *swap, int fd)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} at = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount_id, r;

	if (swap->below_fd >= 0 && is_below(swap->below_fd, fd)) {
		if (name_to_handle_at(fd, "", &at.handle, &mount_id, AT_EMPTY_PATH) < 0)
			return -errno;
		r = open_by_handle_at(swap->below_fd, &at.handle,
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return r < 0 ? -errno : r;
	}
	return is_containers_overlay(fd) ? fd_dup(fd) : -EACCES;
}

int swap_init(struct swap *swap, const char *below, const char *decoy)
{
	*swap = (struct swap) {.below_fd = -EBADF, .decoy = decoy, .inotify_fd = -EBADF};
	if (mkdir(decoy, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (!below)
		return 0;
	swap->below_fd = open(below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return swap->below_fd < 0 ? -errno : 0;
}

void swap_release(struct swap *swap)
{
	swap->below_fd = fd_close(swap->below_fd);
	swap->inotify_fd = fd_close(swap->inotify_fd);
}

void swap_candidates(const struct swap *swap, pid_t pid, const struct call *call,
		     const uint64_t *args, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = 0;
	for (unsigned path = 0; path < call->path_count; path++) {
		CLEANUP(walk_release) struct walk walk = {.dir_fd = -EBADF};

		if (walk_start(&walk, pid, call->paths[path], args) < 0)
			continue;
		while (walk_next(&walk) && len + 16 < size) {
			auto_fd int fd = open_for_attack(swap, walk.dir_fd);

			if (fd >= 0)
				len += (size_t)snprintf(ret + len, size - len, "%s%u:%u",
							len ? "," : "", path, walk.number);
		}
	}
}

static int remove_entry(int dir_fd, const char *name)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		fd_close(fd);
		return -errno;
	}
	while ((entry = readdir(dir)))
		if (!STREQ(entry->d_name, ".") && !STREQ(entry->d_name, ".."))
			(void)remove_entry(fd, entry->d_name);
	closedir(dir);
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* An exchange, as an attacker does it; where the file system has none, at least the result. */
static int replace(int dir_fd, const char *name, const char *target)
{
	static const char making[] = ".swap";
	int r;

	if (symlinkat(target, dir_fd, making) < 0)
		return -errno;
	if (renameat2(dir_fd, making, dir_fd, name, RENAME_EXCHANGE) == 0)
		return 0;
	r = remove_entry(dir_fd, name);
	if (r == 0 && renameat(dir_fd, making, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, making, 0);
	return r;
}

static void watch(struct swap *swap, const char *path)
{
	(void)inotify_add_watch(swap->inotify_fd, path,
				IN_ACCESS | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MODIFY |
					IN_MOVE | IN_OPEN | IN_DONT_FOLLOW);
}

/* Makes @path, the folder that stands for the component, and the rest of the walk's path in it. */
static int make_folders(struct walk *walk, char *path, size_t size)
{
	size_t len = strlen(path);

	for (char *rest = walk->rest;;) {
		size_t span;

		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		rest += strspn(rest, "/");
		span = strcspn(rest, "/");
		if (!span)
			return 0;
		len += (size_t)snprintf(path + len, size - len, "/%.*s", (int)span, rest);
		if (len >= size)
			return -ENAMETOOLONG;
		rest += span;
	}
}

/* Makes the decoy such that the rest of the path exists in it, and then watches all of it. *@ret is
 * where the symlink shall lead. */
static int prepare(struct swap *swap, struct walk *walk, char *ret, size_t size)
{
	bool folder = S_ISDIR(walk->mode) || *walk->rest;
	char path[PATH_MAX];
	int fd, r;

	snprintf(ret, size, "%s/%s", swap->decoy, folder ? "folder" : "file");
	snprintf(path, sizeof(path), "%s", ret);
	if (folder) {
		r = make_folders(walk, path, sizeof(path));
		if (r < 0)
			return r;
	} else {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return -errno;
		fd_close(fd);
	}
	swap->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (swap->inotify_fd < 0)
		return -errno;
	/* from the innermost folder up to the decoy itself */
	while (strlen(path) >= strlen(swap->decoy)) {
		watch(swap, path);
		*strrchr(path, '/') = 0;
	}
	return 0;
}

int swap_do(struct swap *swap, pid_t pid, const struct call *call, const uint64_t *args,
	    unsigned path, unsigned component)
{
	CLEANUP(walk_release) struct walk walk = {.dir_fd = -EBADF};
	char target[PATH_MAX];
	auto_fd int fd = -EBADF;
	int r;

	if (path >= call->path_count)
		return -EINVAL;
	r = walk_start(&walk, pid, call->paths[path], args);
	if (r < 0)
		return r;
	do {
		if (!walk_next(&walk))
			return -ENOENT;
	} while (walk.number < component);
	fd = open_for_attack(swap, walk.dir_fd);
	if (fd < 0)
		return fd;
	r = prepare(swap, &walk, target, sizeof(target));
	return r < 0 ? r : replace(fd, walk.name, target);
}

/* Where paths of the host mean the host's files. */
static bool has_our_root(pid_t pid)
{
	struct stat ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/.", pid);
	return stat("/", &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* The fourth field of a line is what is mounted, the fifth is where, as the process sees it. A
 * decoy's name further in is where the symlink leads below a root, as it should. */
void swap_check_mounts(struct swap *swap, pid_t pid)
{
	const bool outside = has_our_root(pid);
	char path[64], line[1024];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		char what[512], where[512];

		if (sscanf(line, "%*s %*s %*s %511s %511s", what, where) == 2 &&
		    !swap->mounted[0] &&
		    (str_starts(what, swap->decoy) || (outside && str_starts(where, swap->decoy))))
			snprintf(swap->mounted, sizeof(swap->mounted), "%.*s",
				 (int)strcspn(line, "\n"), line);
	}
	if (file)
		fclose(file);
}

void swap_events(struct swap *swap, char *ret, size_t size)
{
	static const struct {
		uint32_t mask;
		const char *word;
	} WORDS[] = {
		{IN_ACCESS, "read"},   {IN_ATTRIB, "attributes"}, {IN_CREATE, "create"},
		{IN_DELETE, "delete"}, {IN_MODIFY, "write"},	  {IN_MOVE, "move"},
		{IN_OPEN, "open"},
	};
	_Alignas(struct inotify_event) char events[4096];
	size_t len = 0;
	ssize_t n;

	ret[0] = 0;
	if (swap->mounted[0])
		len += (size_t)snprintf(ret, size, "mount %s ", swap->mounted);
	while (swap->inotify_fd >= 0 && (n = read(swap->inotify_fd, events, sizeof(events))) > 0) {
		for (char *at = events; at < events + n;) {
			const struct inotify_event *event = (void *)at;

			for (size_t i = 0; i < ARRAY_SIZE(WORDS) && len + 128 < size; i++)
				if (event->mask & WORDS[i].mask)
					len += (size_t)snprintf(ret + len, size - len, "%s:%.64s ",
								WORDS[i].word,
								event->len ? event->name : "");
			at += sizeof(*event) + event->len;
		}
	}
}
