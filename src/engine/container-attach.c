/*
 * The loop of one who is attached (container-start.h): standard streams on one side, the monitor on
 * the other.
 *
 * What is read from stdin waits in one buffer until the monitor takes it, and no more is read
 * before: a container that reads nothing holds back its writer, and never its own output. Signals
 * come through a signalfd and go to the container as they are.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "engine/container-remove.h"
#include "engine/container-start.h"
#include "engine/container-stop.h"
#include "monitor/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX (32 * 1024)

struct session {
	struct engine *engine;
	struct container *container;
	struct container_stdio stdio;
	int fd;	       /* the monitor */
	int signal_fd; /* -EBADF: no proxying */
	bool input_open;
	size_t pending, sent; /* of @frame */
	struct {
		struct wire_header header;
		char data[INPUT_MAX];
	} frame;
	bool ended;
	int code;
};

/* Those that mean something to the terminal or to us alone are not the container's. */
static int open_signals(void)
{
	static const int not_ours[] = {SIGCHLD, SIGPIPE, SIGURG, SIGTTIN, SIGTTOU,
				       SIGTSTP, SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
				       SIGTRAP, SIGABRT, SIGSYS, SIGWINCH};
	sigset_t set;
	int fd;

	(void)sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(not_ours); i++)
		(void)sigdelset(&set, not_ours[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void pass_signals(struct session *session)
{
	struct signalfd_siginfo info;

	/* One that comes when the container has just ended is no failure. */
	while (read(session->signal_fd, &info, sizeof(info)) == sizeof(info))
		(void)!container_kill(session->engine, session->container, (int)info.ssi_signo,
				      NULL);
}

static void read_input(struct session *session)
{
	ssize_t n = read(session->stdio.in, session->frame.data, sizeof(session->frame.data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* An unreadable stdin is one at its end. */
	n = MAX(n, 0);
	session->input_open = n > 0;
	session->frame.header = (struct wire_header) {WIRE_INPUT, (uint32_t)n};
	session->pending = sizeof(session->frame.header) + (size_t)n;
	session->sent = 0;
}

static void send_input(struct session *session)
{
	const char *p = (const char *)&session->frame + session->sent;
	ssize_t n =
		send(session->fd, p, session->pending - session->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A monitor that takes no more has its end to tell. */
	if (n < 0) {
		session->input_open = false;
		session->pending = session->sent = 0;
		return;
	}
	session->sent += (size_t)n;
	if (session->sent == session->pending)
		session->pending = session->sent = 0;
}

static void write_output(struct session *session, const char *data, size_t len)
{
	int *out = data[0] == 2 ? &session->stdio.err : &session->stdio.out;

	/* Nobody reads ours any more: the container goes on, unread. */
	if (*out >= 0 && fd_write_full(*out, data + 1, len - 1) < 0)
		*out = -EBADF;
}

static int read_monitor(struct session *session, char *buf, struct error *err)
{
	struct wire_header header;
	int r = monitor_receive(session->fd, &header, buf, err);

	if (r <= 0) {
		session->ended = true;
		return r;
	}
	if (header.type == WIRE_OUTPUT && header.length > 1) {
		write_output(session, buf, header.length);
	} else if (header.type == WIRE_EXITED && header.length == sizeof(struct wire_exit)) {
		struct wire_exit exit;

		memcpy(&exit, buf, sizeof(exit));
		session->code = exit.code;
		session->ended = true;
	}
	return 0;
}

static int carry(struct session *session, struct error *err)
{
	auto_free char *buf = mem_alloc(WIRE_LENGTH_MAX);
	int r = 0;

	while (r >= 0 && !session->ended) {
		bool want_input = session->input_open && session->pending == 0;
		struct pollfd fds[] = {
			{.fd = session->fd,
			 .events = (short)(POLLIN | (session->pending ? POLLOUT : 0))},
			{.fd = want_input ? session->stdio.in : -1, .events = POLLIN},
			{.fd = session->signal_fd, .events = POLLIN},
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, errno, "wait for container %s",
					   session->container->name);
		}
		if (fds[2].revents)
			pass_signals(session);
		if (fds[1].revents)
			read_input(session);
		if (session->pending)
			send_input(session);
		if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
			r = read_monitor(session, buf, err);
	}
	return r;
}

int container_attach_run(struct engine *engine, struct container *container,
			 struct container_attachment *attachment,
			 const struct container_stdio *stdio, unsigned flags, int *ret_code,
			 struct error *err)
{
	auto_free struct session *session = mem_new(struct session);
	auto_fd int fd = attachment->fd;
	auto_fd int signal_fd = flags & ATTACH_SIGNAL_PROXY ? open_signals() : -EBADF;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int r;

	attachment->fd = -EBADF;
	/* A reader of our output that goes away must not take the container's cleanup with it. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	session->engine = engine;
	session->container = container;
	session->stdio = *stdio;
	session->fd = fd;
	session->signal_fd = signal_fd;
	session->input_open = stdio->in >= 0 && container->config.open_stdin;
	session->code = CONTAINER_EXIT_UNKNOWN;
	r = carry(session, err);
	if (r < 0)
		return r;
	*ret_code = session->code;
	return attachment->owner ? container_cleanup_as_owner(engine, container->id, fd, err) : 0;
}
