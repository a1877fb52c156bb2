#include "volume/tree-copy.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_LIST_SIZE 65536
#define SEND_MAX	(1 << 30)

static int copy_level(int from_fd, int to_fd, unsigned depth);

static int copy_xattr(int from_fd, int to_fd, const char *name)
{
	auto_free char *value = NULL;
	ssize_t len;

	/* The overlay's own, and what belongs to the place rather than the file. */
	if (str_starts(name, "trusted.") || str_starts(name, "system."))
		return 0;
	len = fgetxattr(from_fd, name, NULL, 0);
	if (len < 0)
		return errno == ENODATA ? 0 : -errno;
	value = mem_alloc((size_t)len + 1);
	len = fgetxattr(from_fd, name, value, (size_t)len);
	if (len < 0)
		return -errno;
	return fsetxattr(to_fd, name, value, (size_t)len, 0) < 0 ? -errno : 0;
}

static int copy_xattrs(int from_fd, int to_fd)
{
	auto_free char *names = NULL;
	ssize_t len = flistxattr(from_fd, NULL, 0);
	int r = 0;

	if (len <= 0)
		return len < 0 && errno != ENOTSUP ? -errno : 0;
	if (len > XATTR_LIST_SIZE)
		return -E2BIG;
	names = mem_alloc((size_t)len);
	len = flistxattr(from_fd, names, (size_t)len);
	if (len < 0)
		return -errno;
	for (const char *p = names; r == 0 && p < names + len; p += strlen(p) + 1)
		r = copy_xattr(from_fd, to_fd, p);
	return r;
}

/* Owner first: changing it takes set-uid bits and file capabilities away. */
static int copy_metadata(int from_fd, int to_fd, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	int r;

	if (fchown(to_fd, st->st_uid, st->st_gid) < 0 || fchmod(to_fd, st->st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(from_fd, to_fd);
	if (r < 0)
		return r;
	return futimens(to_fd, times) < 0 ? -errno : 0;
}

static int copy_data(int from_fd, int to_fd)
{
	ssize_t n;

	do
		n = copy_file_range(from_fd, NULL, to_fd, NULL, SEND_MAX, 0);
	while (n > 0);
	if (n == 0 || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP))
		return n < 0 ? -errno : 0;
	do
		n = sendfile(to_fd, from_fd, NULL, SEND_MAX);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	auto_fd int from = -EBADF, to = -EBADF;
	struct stat st;
	int r;

	from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBUSY;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_data(from, to);
	return r < 0 ? r : copy_metadata(from, to, &st);
}

static int copy_directory(int from_dir, int to_dir, const char *name, unsigned depth)
{
	auto_fd int from = -EBADF, to = -EBADF;

	from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return -errno;
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return -errno;
	return copy_level(from, to, depth + 1);
}

static int copy_symlink(int from_dir, int to_dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to_dir, name) < 0 ? -errno : 0;
}

static int copy_entry(int from_dir, int to_dir, const char *name, unsigned depth)
{
	struct stat st;
	int r = 0;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		return copy_file(from_dir, to_dir, name);
	if (S_ISDIR(st.st_mode))
		return copy_directory(from_dir, to_dir, name, depth);
	if (S_ISLNK(st.st_mode))
		r = copy_symlink(from_dir, to_dir, name);
	else if (mknodat(to_dir, name, st.st_mode & (S_IFMT | 07777), st.st_rdev) < 0)
		r = -errno;
	if (r < 0)
		return r;
	return fchownat(to_dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_level(int from_fd, int to_fd, unsigned depth)
{
	struct dirent *entry;
	struct stat st;
	int copy, r = 0;
	DIR *dir;

	if (depth > TREE_COPY_DEPTH)
		return -ELOOP;
	if (fstat(from_fd, &st) < 0)
		return -errno;
	copy = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir) {
		r = -errno;
		(void)fd_close(copy);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (!STREQ(entry->d_name, ".") && !STREQ(entry->d_name, ".."))
			r = copy_entry(dirfd(dir), to_fd, entry->d_name, depth);
	(void)closedir(dir);
	return r < 0 ? r : copy_metadata(from_fd, to_fd, &st);
}

int tree_copy(int from_fd, int to_fd)
{
	return copy_level(from_fd, to_fd, 0);
}
