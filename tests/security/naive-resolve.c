/*
 * The control of tests/security and tests/step: kern/resolve.h as it would be without its guard.
 *
 * The same functions join strings and let the kernel walk them, as container runtimes did for
 * years. A runtime linked with this in place of kern/resolve.c is led out of its root; a test that
 * does not see that has seen nothing.
 */
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

int resolve_open(int root_fd, const char *path, int flags)
{
	int fd = openat(root_fd, relative(path), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int resolve_plain(int dir_fd, const char *path, int flags)
{
	return resolve_open(dir_fd, path, flags);
}

int resolve_regular(int root_fd, const char *path)
{
	return resolve_open(root_fd, path, O_RDONLY | O_NONBLOCK);
}

int resolve_directory(int root_fd, const char *path, mode_t mode)
{
	char copy[PATH_MAX];
	size_t end = 0;

	snprintf(copy, sizeof(copy), "%s", relative(path));
	while (copy[end]) {
		char saved;

		end += strspn(copy + end, "/");
		end += strcspn(copy + end, "/");
		saved = copy[end];
		copy[end] = 0;
		if (mkdirat(root_fd, copy, mode) < 0 && errno != EEXIST)
			return -errno;
		copy[end] = saved;
	}
	return resolve_open(root_fd, copy, O_PATH | O_DIRECTORY);
}

int resolve_parent(int root_fd, const char *path, mode_t mode, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];

	*ret_name = slash ? slash + 1 : path;
	if (!**ret_name)
		return -EINVAL;
	snprintf(directory, sizeof(directory), "%.*s", (int)(*ret_name - path), path);
	return resolve_directory(root_fd, directory, mode);
}

int resolve_file(int root_fd, const char *path, mode_t mode)
{
	const char *name;
	int parent, fd;

	parent = resolve_parent(root_fd, path, 0755, &name);
	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	(void)close(parent);
	if (fd >= 0)
		(void)close(fd);
	return resolve_open(root_fd, path, O_PATH);
}
