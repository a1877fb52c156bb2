#include "io/tree-size.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct sum {
	dev_t device;
	uint64_t bytes;
};

static int add_folder(struct sum *sum, int dir_fd, unsigned depth);

static void add_entry(struct sum *sum, int dir_fd, const char *name, unsigned depth)
{
	auto_fd int fd = -EBADF;
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != sum->device)
		return;
	if (S_ISREG(st.st_mode))
		sum->bytes += (uint64_t)st.st_size / (st.st_nlink > 0 ? st.st_nlink : 1);
	if (!S_ISDIR(st.st_mode) || depth == TREE_SIZE_DEPTH)
		return;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		(void)!add_folder(sum, fd, depth + 1);
}

static int add_folder(struct sum *sum, int dir_fd, unsigned depth)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r;

	if (!dir) {
		r = -errno;
		(void)fd_close(copy);
		return r;
	}
	while ((entry = readdir(dir)))
		if (!STREQ(entry->d_name, ".") && !STREQ(entry->d_name, ".."))
			add_entry(sum, dir_fd, entry->d_name, depth);
	(void)closedir(dir);
	return 0;
}

int tree_size(int dir_fd, uint64_t *ret)
{
	struct sum sum = {0};
	struct stat st;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	sum.device = st.st_dev;
	r = add_folder(&sum, dir_fd, 0);
	if (r == 0)
		*ret = sum.bytes;
	return r;
}
