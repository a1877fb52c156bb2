#include "kern/process.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAT_SIZE   1024
#define STATE_FIELD 3
#define START_FIELD 22
#define EXIT_FIELD  52

/* Field @wanted of /proc/<pid>/stat, counted from 1. */
static const char *find_field(const char *text, int wanted)
{
	/* The name in parentheses may contain anything, also ") S 1". */
	const char *p = strrchr(text, ')');

	if (!p || p[1] != ' ' || !p[2])
		return NULL;
	p += 2;
	for (int field = STATE_FIELD; field < wanted; field++) {
		p = strchr(p, ' ');
		if (!p++)
			return NULL;
	}
	return p;
}

static int read_stat(pid_t pid, char text[STAT_SIZE])
{
	auto_fd int fd = -EBADF;
	char path[32];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, STAT_SIZE - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
}

int process_start(pid_t pid, uint64_t *ret_ticks, char *ret_state)
{
	const char *state, *start;
	char text[STAT_SIZE];
	int r = read_stat(pid, text);

	if (r < 0)
		return r;
	state = find_field(text, STATE_FIELD);
	start = find_field(text, START_FIELD);
	if (!state || !start)
		return -EBADMSG;
	if (ret_state)
		*ret_state = *state;
	*ret_ticks = strtoull(start, NULL, 10);
	return 0;
}

static int status_of_wait(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int status_of_zombie(pid_t pid, uint64_t ticks)
{
	const char *state, *start, *status;
	char text[STAT_SIZE];

	if (read_stat(pid, text) < 0)
		return -ENODATA;
	state = find_field(text, STATE_FIELD);
	start = find_field(text, START_FIELD);
	status = find_field(text, EXIT_FIELD);
	if (!state || !start || !status || *state != 'Z' || strtoull(start, NULL, 10) != ticks)
		return -ENODATA;
	return status_of_wait((int)strtol(status, NULL, 10));
}

/* linux/pidfd.h of 6.15; its first size. */
struct pidfd_information {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};

#define INFORMATION_EXIT (1U << 3)
#define GET_INFORMATION	 _IOWR(0xff, 11, struct pidfd_information)

static int status_of_pidfd(int pid_fd)
{
	struct pidfd_information information = {.mask = INFORMATION_EXIT};

	if (ioctl(pid_fd, GET_INFORMATION, &information) < 0 ||
	    !(information.mask & INFORMATION_EXIT))
		return -ENODATA;
	return status_of_wait(information.exit_code);
}

int process_exit_status(int pid_fd, pid_t pid, uint64_t ticks)
{
	int r = status_of_zombie(pid, ticks);

	return r < 0 ? status_of_pidfd(pid_fd) : r;
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

int process_number(int pid_fd, pid_t *ret)
{
	char path[48], text[512];
	auto_fd int fd = -EBADF;
	const char *line;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pid_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	line = strstr(text, "\nPid:\t");
	if (!line || sscanf(line, "\nPid:\t%d", ret) != 1 || *ret <= 0)
		return -ESRCH;
	return 0;
}
