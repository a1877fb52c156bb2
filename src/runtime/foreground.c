#include "runtime/foreground.h"

#include "base/fd.h"
#include "kern/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int reap(int pid_fd)
{
	siginfo_t info = {0};
	int r;

	do
		r = waitid(P_PIDFD, (id_t)pid_fd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void forward(int signal_fd, int pid_fd)
{
	struct signalfd_siginfo info;

	/* Its end is seen by the pidfd; the rest is the container's business. */
	if (read(signal_fd, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD)
		(void)!process_signal(pid_fd, (int)info.ssi_signo);
}

int foreground_wait(int pid_fd)
{
	struct pollfd polls[2] = {{.events = POLLIN}, {.events = POLLIN}};
	auto_fd int signal_fd = -EBADF;
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return -errno;
	polls[0].fd = pid_fd;
	polls[1].fd = signal_fd;
	for (;;) {
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (polls[1].revents)
			forward(signal_fd, pid_fd);
		if (polls[0].revents)
			return reap(pid_fd);
	}
}
