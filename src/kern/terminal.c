#include "kern/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

int terminal_make_raw(int fd, struct termios *ret_saved)
{
	struct termios saved, raw;

	if (tcgetattr(fd, &saved) < 0)
		return -errno;
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return -errno;
	*ret_saved = saved;
	return 0;
}

int terminal_restore(int fd, const struct termios *saved)
{
	sigset_t stop, old;
	int r;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &stop, &old);
	do
		r = tcsetattr(fd, TCSADRAIN, saved) < 0 ? -errno : 0;
	while (r == -EINTR);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int terminal_get_size(int fd, struct winsize *ret)
{
	return ioctl(fd, TIOCGWINSZ, ret) < 0 ? -errno : 0;
}

int terminal_set_size(int fd, const struct winsize *size)
{
	return ioctl(fd, TIOCSWINSZ, size) < 0 ? -errno : 0;
}

bool terminal_is_master(int fd)
{
	unsigned number;

	/* Only a master knows the number of its pair. */
	return ioctl(fd, TIOCGPTN, &number) == 0;
}

int terminal_open_slave(int master)
{
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
