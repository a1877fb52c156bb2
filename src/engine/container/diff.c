#include "engine/container/diff.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container/layers.h"
#include "engine/container/state.h"
#include "engine/root-view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Each level holds three descriptors. */
#define DEPTH_MAX	 256
#define OPAQUE_XATTR	 "trusted.overlay.opaque"
#define CAPABILITY_XATTR "security.capability"
#define CAPABILITY_SIZE	 64

struct walk {
	struct change *changes;
	size_t count, size;
	struct str path; /* of the directory at hand, "" for the root */
	unsigned depth;
};

/* A directory in both trees; -EBADF: not there. */
struct level {
	int upper, lower;
};

static int add(struct walk *walk, enum change_kind kind, const char *name, struct error *err)
{
	if (walk->count == CHANGES_MAX)
		return error_set(err, ERROR_EXHAUSTED, "it has changed more than %d files",
				 CHANGES_MAX);
	if (walk->count == walk->size) {
		walk->size = walk->size ? walk->size * 2 : 64;
		walk->changes = mem_resize(walk->changes, walk->size * sizeof(walk->changes[0]));
	}
	walk->changes[walk->count++] = (struct change) {
		.kind = kind, .path = mem_printf("%s/%s", str_text(&walk->path), name)};
	return 0;
}

/* The names in the directory @fd, sorted. */
static int read_names(int fd, struct strv *ret, struct error *err)
{
	struct dirent *entry;
	DIR *dir;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		int error = errno;

		(void)fd_close(copy);
		return error_errno(err, error, "read a directory");
	}
	errno = 0;
	while ((entry = readdir(dir)))
		if (!STREQ(entry->d_name, ".") && !STREQ(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	(void)closedir(dir);
	strv_sort(ret);
	return 0;
}

static ssize_t read_capability(int dir_fd, const char *name, char *value)
{
	auto_fd int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fgetxattr(fd, CAPABILITY_XATTR, value, CAPABILITY_SIZE);

	return n < 0 ? 0 : n;
}

/* As Docker tells it: what was copied up but not changed is the same, and of a directory neither
 * size nor time count. */
static bool is_different(const struct level *level, const char *name, const struct stat *upper,
			 const struct stat *lower)
{
	char x[CAPABILITY_SIZE], y[CAPABILITY_SIZE];
	ssize_t n;

	if (upper->st_mode != lower->st_mode || upper->st_uid != lower->st_uid ||
	    upper->st_gid != lower->st_gid || upper->st_rdev != lower->st_rdev)
		return true;
	if (S_ISDIR(upper->st_mode))
		return false;
	if (upper->st_size != lower->st_size || upper->st_mtim.tv_sec != lower->st_mtim.tv_sec ||
	    upper->st_mtim.tv_nsec != lower->st_mtim.tv_nsec)
		return true;
	if (!S_ISREG(upper->st_mode))
		return false;
	n = read_capability(level->upper, name, x);
	return n != read_capability(level->lower, name, y) || memcmp(x, y, (size_t)n) != 0;
}

static int open_directory(int dir_fd, const char *name)
{
	return dir_fd < 0 ? -EBADF
			  : openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_opaque(int fd)
{
	char value;

	return fgetxattr(fd, OPAQUE_XATTR, &value, 1) == 1 && value == 'y';
}

/* What lies below and is covered: by an opaque directory (@upper_fd) unless that has it itself, or
 * by something that is no directory. */
static int add_covered(struct walk *walk, int lower_fd, int upper_fd, struct error *err)
{
	auto_strv names = {0};
	struct stat st;
	int r;

	r = read_names(lower_fd, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (upper_fd < 0 || fstatat(upper_fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = add(walk, CHANGE_DELETED, names.v[i], err);
	return r;
}

static int walk_directory(struct walk *walk, const struct level *level, struct error *err);

/* What changed below @name, which is a directory above or below. */
static int descend(struct walk *walk, const struct level *level, const char *name,
		   struct error *err)
{
	auto_fd int upper = open_directory(level->upper, name);
	auto_fd int lower = open_directory(level->lower, name);
	const struct level below = {upper, lower};
	size_t len = walk->path.len;
	int r = 0;

	if (walk->depth == DEPTH_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "its directories are nested more than %d deep", DEPTH_MAX);
	str_append_format(&walk->path, "/%s", name);
	walk->depth++;
	if (lower >= 0 && (upper < 0 || is_opaque(upper)))
		r = add_covered(walk, lower, upper, err);
	if (r == 0 && upper >= 0)
		r = walk_directory(walk, &below, err);
	walk->depth--;
	walk->path.len = len;
	walk->path.data[len] = '\0';
	return r;
}

static int walk_entry(struct walk *walk, const struct level *level, const char *name,
		      struct error *err)
{
	struct stat upper, lower;
	bool was;
	size_t before;
	int r;

	/* It runs: what has just gone is not there. */
	if (fstatat(level->upper, name, &upper, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "look at %s", name);
	was = level->lower >= 0 && fstatat(level->lower, name, &lower, AT_SYMLINK_NOFOLLOW) == 0;
	if (S_ISCHR(upper.st_mode) && upper.st_rdev == makedev(0, 0))
		return was ? add(walk, CHANGE_DELETED, name, err) : 0;
	before = walk->count;
	if (!was || is_different(level, name, &upper, &lower)) {
		r = add(walk, was ? CHANGE_MODIFIED : CHANGE_ADDED, name, err);
		if (r < 0)
			return r;
	}
	if (!S_ISDIR(upper.st_mode) && !(was && S_ISDIR(lower.st_mode)))
		return 0;
	if (walk->count > before)
		return descend(walk, level, name, err);
	/* Unchanged itself: named if something below it is not. Its place is before that. */
	r = add(walk, CHANGE_MODIFIED, name, err);
	if (r == 0)
		r = descend(walk, level, name, err);
	if (r == 0 && walk->count == before + 1)
		mem_freep(&walk->changes[--walk->count].path);
	return r;
}

static int walk_directory(struct walk *walk, const struct level *level, struct error *err)
{
	auto_strv names = {0};
	int r;

	r = read_names(level->upper, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = walk_entry(walk, level, names.v[i], err);
	return r;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->path, ((const struct change *)b)->path);
}

int container_diff(struct engine *engine, const struct container *container, struct change **ret,
		   size_t *ret_count, struct error *err)
{
	auto_fd int folder = container_open_folder(engine, container->id);
	auto_fd int upper = open_directory(folder, "diff"), lower = -EBADF;
	auto_strv layers = {0};
	struct walk walk = {0};
	struct level level;
	int r;

	if (upper < 0)
		return error_errno(err, folder < 0 ? folder : errno,
				   "open the upper directory of container %s", container->name);
	r = container_layers(engine, container, &layers, err);
	if (r < 0)
		return r;
	lower = root_view_open(&layers, err);
	if (lower < 0)
		return lower;
	level = (struct level) {upper, lower};
	r = walk_directory(&walk, &level, err);
	str_release(&walk.path);
	if (r < 0) {
		changes_free(walk.changes, walk.count);
		return error_prefix(err, "compare container %s with its image", container->name);
	}
	if (walk.count > 0)
		qsort(walk.changes, walk.count, sizeof(walk.changes[0]), by_path);
	*ret = walk.changes;
	*ret_count = walk.count;
	return 0;
}

void changes_free(struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(changes[i].path);
	free(changes);
}
