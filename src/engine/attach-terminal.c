#include "engine/attach-terminal.h"

#include "kern/terminal.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

int attach_terminal_take(struct attach_terminal *terminal, int fd)
{
	int r = terminal_make_raw(fd, &terminal->saved);

	if (r < 0)
		return r;
	terminal->fd = fd;
	terminal->is_raw = true;
	return 0;
}

void attach_terminal_give_back(struct attach_terminal *terminal)
{
	if (terminal->is_raw)
		(void)!terminal_restore(terminal->fd, &terminal->saved);
	terminal->is_raw = false;
}

static void add(sigset_t *set, const int *signals, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)sigaddset(set, signals[i]);
}

int attach_signals_open(unsigned kinds)
{
	static const int ends[] = {SIGTSTP, SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,	 SIGALRM,
				   SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGVTALRM};
	/* Those that mean something to the terminal or to us alone are not the container's. */
	static const int ours[] = {SIGCHLD, SIGPIPE, SIGURG, SIGTTIN, SIGTTOU, SIGTSTP, SIGSEGV,
				   SIGBUS,  SIGFPE,  SIGILL, SIGTRAP, SIGABRT, SIGSYS,	SIGWINCH};
	sigset_t set;
	int fd;

	if (kinds & ATTACH_SIGNALS_ALL)
		(void)sigfillset(&set);
	else
		(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		(void)sigdelset(&set, ours[i]);
	if (kinds & ATTACH_SIGNALS_END)
		add(&set, ends, ARRAY_SIZE(ends));
	if (kinds & ATTACH_SIGNALS_SIZE)
		(void)sigaddset(&set, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* As if it had never been blocked. */
static void deliver(int signo)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)raise(signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void attach_terminal_signal(struct attach_terminal *terminal, int signo)
{
	attach_terminal_give_back(terminal);
	deliver(signo);
	/* Stopped and continued, or ignored as whoever started us wished. */
	(void)!attach_terminal_take(terminal, terminal->fd);
}
