#include "kern/children.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#define CHILDREN_MAX (1 << 20)

int children_signal(int signal)
{
	auto_free char *text = NULL;
	auto_fd int fd = -EBADF;
	size_t len;
	int count = 0, r;

	fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_read_all(fd, CHILDREN_MAX, &text, &len);
	if (r < 0)
		return r;
	/* "12 34 56 ": none of them can be another process by now, because nobody but us reaps. */
	for (char *p = text; *p;) {
		long pid = strtol(p, &p, 10);

		if (pid <= 1)
			return -EBADMSG;
		(void)kill((pid_t)pid, signal);
		count++;
		p += *p == ' ';
	}
	return count;
}
