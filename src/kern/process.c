#include "kern/process.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STAT_SIZE   1024
#define STATE_FIELD 3
#define START_FIELD 22

int process_start(pid_t pid, uint64_t *ret_ticks, char *ret_state)
{
	auto_fd int fd = -EBADF;
	char path[32], text[STAT_SIZE];
	const char *p;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	/* The name in parentheses may contain anything, also ") S 1". */
	p = strrchr(text, ')');
	if (!p || p[1] != ' ' || !p[2])
		return -EBADMSG;
	p += 2;
	if (ret_state)
		*ret_state = *p;
	for (int field = STATE_FIELD; field < START_FIELD; field++) {
		p = strchr(p, ' ');
		if (!p++)
			return -EBADMSG;
	}
	*ret_ticks = strtoull(p, NULL, 10);
	return 0;
}

int process_open(pid_t pid, uint64_t ticks)
{
	auto_fd int fd = -EBADF;
	uint64_t now = 0;
	int r;

	if (pid <= 0)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	/* After the open: the id cannot change hands while what it names is ours. */
	r = process_start(pid, &now, NULL);
	if (r < 0)
		return r;
	return now == ticks ? TAKE_FD(fd) : -ESRCH;
}

int process_alive(pid_t pid, uint64_t ticks)
{
	uint64_t now = 0;
	char state = 0;
	int r;

	if (pid <= 0)
		return 0;
	r = process_start(pid, &now, &state);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return r;
	return now == ticks && state != 'Z' && state != 'X';
}

int process_signal(int pid_fd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pid_fd, signal, NULL, 0) < 0 ? -errno : 0;
}

int process_wait(int pid_fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = pid_fd, .events = POLLIN};
	int r;

	do
		r = poll(&poll_fd, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}
