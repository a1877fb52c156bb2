#include "kern/netns.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

int netns_current(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
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
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return r < 0 ? r : TAKE_FD(fd);
}
