#include "io/atomic-file.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of files in the making begin so; whoever lists a directory of records skips names with a
 * dot. */
#define TEMPORARY ".new-"

/*
 * A file without a name gets one when it is complete: a kill before that leaves nothing at all.
 * -EOPNOTSUPP where the file system or our privileges do not allow it.
 */
static int write_and_link(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
			  unsigned flags)
{
	auto_fd int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	int r;

	if (fd < 0) /* EISDIR: a kernel or file system that has never heard of it */
		return errno == EISDIR ? -EOPNOTSUPP : -errno;
	r = fd_write_full(fd, data, len);
	if (r < 0)
		return r;
	if ((flags & ATOMIC_SYNC) && fsync(fd) < 0)
		return -errno;
	if (linkat(fd, "", dir_fd, name, AT_EMPTY_PATH) < 0) /* ENOENT: without privileges */
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	return (flags & ATOMIC_SYNC) && fsync(dir_fd) < 0 ? -errno : 0;
}

static int write_and_place(int dir_fd, const char *temporary, const char *name, const void *data,
			   size_t len, mode_t mode, unsigned flags)
{
	auto_fd int fd = -EBADF;
	int r;

	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = fd_write_full(fd, data, len);
	if (r < 0)
		return r;
	if ((flags & ATOMIC_SYNC) && fsync(fd) < 0)
		return -errno;
	if (flags & ATOMIC_EXCLUSIVE)
		r = renameat2(dir_fd, temporary, dir_fd, name, RENAME_NOREPLACE);
	else
		r = renameat(dir_fd, temporary, dir_fd, name);
	if (r < 0)
		return -errno;
	if ((flags & ATOMIC_SYNC) && fsync(dir_fd) < 0)
		return -errno;
	return 0;
}

int atomic_write(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
		 unsigned flags)
{
	char temporary[300];
	int r;

	if (flags & ATOMIC_EXCLUSIVE) {
		r = write_and_link(dir_fd, name, data, len, mode, flags);
		if (r != -EOPNOTSUPP)
			return r;
	}
	/* The process id keeps writers of the same name apart; a leftover of a dead one is
	 * overwritten. */
	(void)snprintf(temporary, sizeof(temporary), TEMPORARY "%d-%.250s", getpid(), name);
	r = write_and_place(dir_fd, temporary, name, data, len, mode, flags);
	if (r < 0)
		(void)unlinkat(dir_fd, temporary, 0);
	return r;
}

int atomic_read(int dir_fd, const char *name, size_t max, char **ret, size_t *ret_len)
{
	auto_fd int fd = -EBADF;
	struct stat st;

	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return fd_read_all(fd, max, ret, ret_len);
}

int atomic_sweep(int dir_fd)
{
	const struct dirent *entry;
	int fd, r = 0;
	DIR *dir;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir)))
		if (str_starts(entry->d_name, TEMPORARY) &&
		    unlinkat(dir_fd, entry->d_name, 0) < 0 && errno != ENOENT)
			r = -errno;
	(void)closedir(dir);
	return r;
}

int directory_open(int dir_fd, const char *name, mode_t mode)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir_fd, name, flags);
	return fd < 0 ? -errno : fd;
}
