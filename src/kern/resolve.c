#include "kern/resolve.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RACE_RETRIES 64
#define LINKS_MAX    40

static int open_how(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC, .resolve = resolve};

	/* A rename elsewhere in the system can make the kernel unsure about "..": try again. */
	for (unsigned i = 0; i < RACE_RETRIES; i++) {
		long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

int resolve_open(int root_fd, const char *path, int flags)
{
	return open_how(root_fd, *path ? path : ".", flags,
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int resolve_plain(int dir_fd, const char *path, int flags)
{
	return open_how(dir_fd, path, flags,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int resolve_regular(int root_fd, const char *path)
{
	auto_fd int found = -EBADF;
	char self[32];
	struct stat st;
	struct statfs fs;
	int fd;

	found = resolve_open(root_fd, path, O_PATH);
	if (found < 0)
		return found;
	if (fstat(found, &st) < 0 || fstatfs(found, &fs) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC)
		return -EBADF;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Puts the target of the dangling symlink @name in @dir_fd in place of the first @done bytes of
 * @path, whose last component it is. The result is resolved from the root again. */
static int splice_link(int dir_fd, const char *name, char *path, size_t start, size_t done)
{
	char target[PATH_MAX], rest[PATH_MAX];
	size_t keep, rest_len = strlen(path + done);
	ssize_t n;

	n = readlinkat(dir_fd, name, target, sizeof(target));
	if (n < 0)
		return errno == EINVAL ? -EEXIST : -errno;
	keep = target[0] == '/' ? 0 : start;
	if (n == 0 || keep + (size_t)n + rest_len + 1 > PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(rest, path + done, rest_len + 1);
	memcpy(path + keep, target, (size_t)n);
	memcpy(path + keep + n, rest, rest_len + 1);
	return 0;
}

/* One step of resolve_directory: opens the first @end bytes of @path, making the last component of
 * them in @parent. Returns a descriptor, or -ESTALE when @path was changed and must be walked
 * again. */
static int enter_level(int root_fd, int parent, char *path, size_t start, size_t end, mode_t mode)
{
	char saved = path[end];
	int fd, r;

	path[end] = '\0';
	fd = resolve_open(root_fd, path, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT) {
		if (mkdirat(parent, path + start, mode) == 0) {
			fd = resolve_open(root_fd, path, O_PATH | O_DIRECTORY);
		} else if (errno == EEXIST) {
			char name[NAME_MAX + 1];

			memcpy(name, path + start, end - start + 1);
			path[end] = saved;
			r = splice_link(parent, name, path, start, end);
			return r < 0 ? r : -ESTALE;
		} else {
			fd = -errno;
		}
	}
	path[end] = saved;
	return fd;
}

/* Walks @path once. -ESTALE: changed, again. */
static int walk_directory(int root_fd, char *path, mode_t mode)
{
	auto_fd int parent = -EBADF;
	size_t start = 0;

	parent = resolve_open(root_fd, ".", O_PATH | O_DIRECTORY);
	if (parent < 0)
		return parent;
	for (;;) {
		size_t end;
		int fd;

		start += strspn(path + start, "/");
		if (path[start] == '\0')
			return TAKE_FD(parent);
		end = start + strcspn(path + start, "/");
		if (end - start > NAME_MAX)
			return -ENAMETOOLONG;
		fd = enter_level(root_fd, parent, path, start, end, mode);
		if (fd < 0)
			return fd;
		(void)fd_close(parent);
		parent = fd;
		start = end;
	}
}

int resolve_directory(int root_fd, const char *path, mode_t mode)
{
	char copy[PATH_MAX];
	int fd;

	fd = resolve_open(root_fd, path, O_PATH | O_DIRECTORY);
	if (fd != -ENOENT)
		return fd;
	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, strlen(path) + 1);
	for (unsigned links = 0; links < LINKS_MAX; links++) {
		fd = walk_directory(root_fd, copy, mode);
		if (fd != -ESTALE)
			return fd;
	}
	return -ELOOP;
}

int resolve_parent(int root_fd, const char *path, mode_t mode, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char directory[PATH_MAX] = "";
	size_t len = (size_t)(name - path);

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (len >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, len);
	directory[len] = '\0';
	*ret_name = name;
	return resolve_directory(root_fd, directory, mode);
}

/* One step of resolve_file: makes what @path names. -ESTALE: that was a dangling symlink, and its
 * target now stands in its place. */
static int make_file(int root_fd, char *path, mode_t mode)
{
	auto_fd int parent = -EBADF, made = -EBADF;
	char name[NAME_MAX + 1];
	const char *last;
	int r;

	parent = resolve_parent(root_fd, path, 0755, &last);
	if (parent < 0)
		return parent;
	made = openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (made >= 0)
		return resolve_plain(parent, last, O_PATH);
	if (errno != EEXIST)
		return -errno;
	memcpy(name, last, strlen(last) + 1);
	r = splice_link(parent, name, path, (size_t)(last - path), strlen(path));
	return r == 0 || r == -EEXIST ? -ESTALE : r;
}

int resolve_file(int root_fd, const char *path, mode_t mode)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, strlen(path) + 1);
	for (unsigned links = 0; links < LINKS_MAX; links++) {
		int fd = resolve_open(root_fd, copy, O_PATH);

		if (fd != -ENOENT)
			return fd;
		fd = make_file(root_fd, copy, mode);
		if (fd != -ESTALE)
			return fd;
	}
	return -ELOOP;
}
