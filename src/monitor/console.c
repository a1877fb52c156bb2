#include "monitor/console.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/unix.h"
#include "kern/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "console"

int console_open(struct console *console, int bundle_fd)
{
	int fd = unix_listen(bundle_fd, NAME, 0600, 1);

	if (fd < 0)
		return fd;
	*console = (struct console) {.bundle_fd = bundle_fd, .listener_fd = fd};
	return 0;
}

void console_release(struct console *console)
{
	if (console->listener_fd < 0)
		return;
	(void)unlinkat(console->bundle_fd, NAME, 0);
	console->listener_fd = fd_close(console->listener_fd);
}

char *console_path(const struct console *console)
{
	return mem_printf("/proc/%d/fd/%d/" NAME, getpid(), console->bundle_fd);
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int console_take(struct console *console, int *ret, struct error *err)
{
	auto_fd int connection =
		accept4(console->listener_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	auto_fd int master = connection < 0 ? -errno : unix_receive_fd(connection);

	console_release(console);
	if (master < 0)
		return error_set(err, ERROR_SYSTEM, "the runtime sent no terminal");
	if (!terminal_is_master(master) || set_nonblocking(master) < 0)
		return error_set(err, ERROR_SYSTEM,
				 "what the runtime sent as a terminal is not the master of one");
	*ret = TAKE_FD(master);
	return 0;
}
