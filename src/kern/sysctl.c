#include "kern/sysctl.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSCTL_ROOT "/proc/sys/"
#define VALUE_MAX   64

static int open_setting(const char *path, int flags)
{
	char full[PATH_MAX];
	int fd;

	if (snprintf(full, sizeof(full), SYSCTL_ROOT "%s", path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int sysctl_write(const char *path, const char *value)
{
	auto_fd int fd = open_setting(path, O_WRONLY);

	return fd < 0 ? fd : fd_write_full(fd, value, strlen(value));
}

int sysctl_set(const char *path, const char *value)
{
	auto_fd int fd = open_setting(path, O_RDONLY);
	char now[VALUE_MAX];
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	n = read(fd, now, sizeof(now) - 1);
	if (n < 0)
		return -errno;
	while (n > 0 && now[n - 1] == '\n')
		n--;
	now[n] = '\0';
	if (STREQ(now, value))
		return 0;
	r = sysctl_write(path, value);
	return r < 0 ? r : 1;
}
