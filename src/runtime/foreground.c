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

static void forward(int signal_fd, int pid_fd, const struct console *console)
{
	struct signalfd_siginfo info;

	/* Its end is seen by the pidfd; the rest is the container's business. */
	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH && console->master_fd >= 0)
		console_resize(console);
	else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGURG)
		(void)!process_signal(pid_fd, (int)info.ssi_signo);
}

int foreground_wait(int pid_fd, struct console *console)
{
	struct pollfd polls[4] = {{.events = POLLIN}, {.events = POLLIN}};
	bool terminal = console->master_fd >= 0;
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
		if (terminal)
			console_poll(console, &polls[2]);
		if (poll(polls, terminal ? 4 : 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (polls[1].revents)
			forward(signal_fd, pid_fd, console);
		if (terminal)
			terminal = console_move(console, &polls[2]) == 0;
		if (polls[0].revents) {
			if (terminal)
				console_drain(console);
			return reap(pid_fd);
		}
	}
}
