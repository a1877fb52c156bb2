/*
 * tmpcopyup: what a tmpfs is about to cover, copied into it. Directories, files and symlinks with
 * their modes, owners and times; everything else is left out, as others do. By descriptors, one
 * name at a time, following nothing. The child has no heap: directories are read into the stack,
 * and what goes deeper than DEPTH_MAX is refused.
 */
#include "runtime/init.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH_MAX   40
#define BUFFER_SIZE 2048

static int copy_folder(int from_fd, int to_fd, unsigned depth);

static int copy_owner(int fd, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0)
		return -errno;
	return futimens(fd, times) < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *seen)
{
	auto_fd int from = -EBADF, to = -EBADF;
	struct stat st;
	ssize_t n;

	from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (st.st_dev != seen->st_dev || st.st_ino != seen->st_ino)
		return -EAGAIN;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, 1 << 30)) > 0)
		;
	return n < 0 ? -errno : copy_owner(to, &st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to_dir, name) < 0)
		return -errno;
	return fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_entry(int from_dir, int to_dir, const char *name, unsigned depth)
{
	auto_fd int from = -EBADF, to = -EBADF;
	struct stat st;
	int r;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		return copy_file(from_dir, to_dir, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(from_dir, to_dir, name, &st);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return -errno;
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return -errno;
	r = copy_folder(from, to, depth + 1);
	return r < 0 ? r : copy_owner(to, &st);
}

static int copy_folder(int from_fd, int to_fd, unsigned depth)
{
	_Alignas(struct dirent64) char buf[BUFFER_SIZE];
	long n;

	while ((n = syscall(SYS_getdents64, from_fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buf + at);
			int r = 0;

			at += entry->d_reclen;
			if (!STREQ(entry->d_name, ".") && !STREQ(entry->d_name, ".."))
				r = copy_entry(from_fd, to_fd, entry->d_name, depth);
			if (r < 0)
				return r;
		}
	return n < 0 ? -errno : 0;
}

int init_copy_up(struct init *init, int from_fd, int to_fd)
{
	auto_fd int from = -EBADF, to = -EBADF;
	int r;

	from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = from < 0 ? -EBADF : openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = to < 0 ? -errno : copy_folder(from, to, 0);
	return r < 0 ? init_fail(init, INIT_COPY_UP, NULL, r) : 0;
}
