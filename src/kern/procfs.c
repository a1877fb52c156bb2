#include "kern/procfs.h"

#include "base/fd.h"
#include "kern/mount.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

int procfs_open(void)
{
	auto_fd int fd = -EBADF;
	struct statfs fs;

	fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -ENODEV;
	return TAKE_FD(fd);
}

int procfs_private(void)
{
	return mount_new("proc", "proc", NULL,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL);
}

int procfs_write(int proc_fd, const char *path, const char *text)
{
	auto_fd int fd = -EBADF;

	fd = resolve_plain(proc_fd, path, O_WRONLY);
	if (fd < 0)
		return fd;
	return fd_write_full(fd, text, strlen(text));
}
