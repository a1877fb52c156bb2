#include "kern/netns.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

#define RETURN_ATTEMPTS 100

int netns_current(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void netns_return(int home_fd)
{
	for (int i = 0; i < RETURN_ATTEMPTS; i++)
		if (setns(home_fd, CLONE_NEWNET) == 0)
			return;
	abort();
}

int netns_new(int (*inside)(void *arg), void *arg)
{
	auto_fd int home = -EBADF, fd = -EBADF;
	int r;

	home = netns_current();
	if (home < 0)
		return home;
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = netns_current();
	r = fd;
	if (r >= 0 && inside)
		r = inside(arg);
	netns_return(home);
	return r < 0 ? r : TAKE_FD(fd);
}
