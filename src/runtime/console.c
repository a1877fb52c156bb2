#include "runtime/console.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void console_init(struct console *console)
{
	*console = (struct console) {
		.socket_fd = -EBADF, .child_fd = -EBADF, .master_fd = -EBADF, .tty_fd = -EBADF};
}

void console_release(struct console *console)
{
	if (console->raw)
		(void)tcsetattr(console->tty_fd, TCSANOW, &console->saved);
	console->raw = false;
	console->socket_fd = fd_close(console->socket_fd);
	console->child_fd = fd_close(console->child_fd);
	console->master_fd = fd_close(console->master_fd);
}

int console_open(struct console *console)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	console->socket_fd = pair[0];
	console->child_fd = pair[1];
	return 0;
}

static int receive_master(int socket_fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char name[64];
	struct iovec iov = {.iov_base = name, .iov_len = sizeof(name)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.buf,
				 .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) <= 0)
		return -EBADMSG;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void make_raw(struct console *console)
{
	struct termios raw;

	for (int fd = 0; fd <= 2 && console->tty_fd < 0; fd++)
		if (isatty(fd))
			console->tty_fd = fd;
	if (console->tty_fd < 0 || tcgetattr(console->tty_fd, &console->saved) < 0)
		return;
	raw = console->saved;
	cfmakeraw(&raw);
	console->raw = tcsetattr(console->tty_fd, TCSANOW, &raw) == 0;
}

int console_start(struct console *console)
{
	int fd = receive_master(console->socket_fd);

	if (fd < 0)
		return fd;
	console->master_fd = fd;
	if (fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	make_raw(console);
	console_resize(console);
	return 0;
}

void console_resize(const struct console *console)
{
	struct winsize size;

	if (console->tty_fd >= 0 && ioctl(console->tty_fd, TIOCGWINSZ, &size) == 0 &&
	    size.ws_row > 0 && size.ws_col > 0)
		(void)ioctl(console->master_fd, TIOCSWINSZ, &size);
}

void console_poll(const struct console *console, struct pollfd polls[2])
{
	bool waiting = console->pending > console->sent;

	polls[0] =
		(struct pollfd) {.fd = console->input_ended || waiting ? -1 : 0, .events = POLLIN};
	polls[1] = (struct pollfd) {.fd = console->master_fd,
				    .events = (short)(waiting ? POLLIN | POLLOUT : POLLIN)};
}

/* 1: nothing will come any more. */
static int show_output(const struct console *console)
{
	char buf[CONSOLE_BUFFER];
	ssize_t n = read(console->master_fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return 1; /* EIO: nobody has the other side open */
	/* Whoever has closed our stdout does not want it. */
	(void)!fd_write_full(1, buf, (size_t)n);
	return 0;
}

static void pass_input(struct console *console)
{
	ssize_t n;

	if (console->pending == console->sent)
		return;
	n = write(console->master_fd, console->buffer + console->sent,
		  console->pending - console->sent);
	if (n > 0)
		console->sent += (size_t)n;
}

static void take_input(struct console *console)
{
	ssize_t n = read(0, console->buffer, sizeof(console->buffer));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	console->input_ended = n <= 0;
	console->pending = n > 0 ? (size_t)n : 0;
	console->sent = 0;
}

int console_move(struct console *console, const struct pollfd polls[2])
{
	if (polls[0].revents)
		take_input(console);
	pass_input(console);
	return polls[1].revents & (POLLIN | POLLHUP | POLLERR) ? show_output(console) : 0;
}

void console_drain(struct console *console)
{
	struct pollfd master = {.fd = console->master_fd, .events = POLLIN};

	/* The terminal hangs up with the last process that has it; others may still hold it, and
	 * are none of ours. */
	while (poll(&master, 1, 0) > 0 && show_output(console) == 0)
		;
}
