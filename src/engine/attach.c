#include "engine/attach.h"

#include "base/fd.h"
#include "base/mem.h"
#include "engine/attach-terminal.h"
#include "engine/container/attach.h"
#include "engine/container/remove.h"
#include "engine/container/stop.h"
#include "engine/container/take-over.h"
#include "kern/terminal.h"
#include "monitor/client.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX (32 * 1024)

/*
 * What is read from the input waits in one frame until the monitor takes it, and no more is read
 * before: a process that reads nothing holds back its writer, and never its own output.
 */
struct session {
	struct engine *engine;
	struct attachment *attachment;
	const struct attach_options *options;
	struct detach_keys detach;
	struct attach_terminal terminal;
	int out, err;
	int signal_fd; /* -EBADF: signals are not our business */
	bool input_open, detaching;
	bool resized; /* to be told when the frame is sent */
	bool redraw;
	size_t pending, sent; /* of @frame */
	struct {
		struct wire_header header;
		unsigned char data[INPUT_MAX + DETACH_KEYS_MAX];
	} frame;
	unsigned char typed[INPUT_MAX];
	struct wire_position received;
	bool ended;
	struct attach_result result;
};

void attachment_release(struct attachment *attachment)
{
	attachment->fd = fd_close(attachment->fd);
	attachment->waiting_fd = fd_close(attachment->waiting_fd);
	mem_freep(&attachment->waiting);
}

unsigned char attachment_mask(const struct attach_options *options, bool with_stdin, bool once)
{
	unsigned char mask = 0;

	if (options->in >= 0 && with_stdin)
		mask |= WIRE_STDIN | (once ? WIRE_STDIN_ONCE : 0);
	if (options->out >= 0)
		mask |= WIRE_STDOUT;
	if (options->err >= 0)
		mask |= WIRE_STDERR;
	return mask;
}

int attachment_request(int fd, const struct attach_options *options, bool with_stdin, bool once,
		       struct error *err)
{
	unsigned char mask = attachment_mask(options, with_stdin, once);
	int r = 0;

	if (mask)
		r = monitor_send(fd, WIRE_ATTACH, &mask, sizeof(mask), err);
	return r < 0 ? r : monitor_send(fd, WIRE_WAIT, NULL, 0, err);
}

static void send_one_size(const struct session *session, unsigned rows, unsigned columns)
{
	const struct wire_size size = {(uint16_t)rows, (uint16_t)columns};

	(void)!monitor_send(session->attachment->fd, WIRE_RESIZE, &size, sizeof(size), NULL);
}

/* Not in the middle of a frame. With session->redraw the screen is to be drawn again although its
 * size may be the same: the process only hears of changes. */
static void send_size(struct session *session)
{
	struct winsize size;

	session->resized = session->pending > 0;
	if (session->resized || terminal_get_size(session->options->screen, &size) < 0)
		return;
	if (session->redraw && size.ws_row > 0 && size.ws_col > 0)
		send_one_size(session, size.ws_row + 1U, size.ws_col + 1U);
	session->redraw = false;
	send_one_size(session, size.ws_row, size.ws_col);
}

static void take_signals(struct session *session)
{
	struct signalfd_siginfo info;

	while (read(session->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int signo = (int)info.ssi_signo;

		if (session->terminal.is_raw && signo != SIGWINCH)
			attach_terminal_signal(&session->terminal, signo);
		else if (signo != SIGWINCH)
			/* One that comes when the container has just ended is no failure. */
			(void)!container_kill(session->engine, session->attachment->container,
					      signo, NULL);
		/* After a stop it may have another size, and shows what others have written. */
		session->redraw |= signo != SIGWINCH;
		if (session->options->screen >= 0)
			send_size(session);
	}
}

/* Makes the frame that takes @len bytes of input to the monitor; 0 is their end. */
static void set_frame(struct session *session, const unsigned char *data, size_t len)
{
	size_t passed = len;

	if (session->attachment->tty)
		session->detaching = detach_keys_filter(&session->detach, data, len,
							session->frame.data, &passed);
	else
		memcpy(session->frame.data, data, len);
	/* An empty frame is the end. */
	if (len > 0 && passed == 0)
		return;
	session->frame.header = (struct wire_header) {WIRE_INPUT, (uint32_t)passed};
	session->pending = sizeof(session->frame.header) + passed;
	session->sent = 0;
}

static void read_input(struct session *session)
{
	ssize_t n = read(session->options->in, session->typed, sizeof(session->typed));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* An unreadable input is one at its end. */
	session->input_open = n > 0;
	if (n > 0)
		set_frame(session, session->typed, (size_t)n);
	else if (session->attachment->stdin_once)
		set_frame(session, session->typed, 0);
}

static void send_input(struct session *session)
{
	const char *p = (const char *)&session->frame + session->sent;
	ssize_t n = send(session->attachment->fd, p, session->pending - session->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A monitor that takes no more has its end to tell. */
	if (n < 0) {
		session->input_open = false;
		session->pending = session->sent = 0;
		return;
	}
	session->sent += (size_t)n;
	if (session->sent < session->pending)
		return;
	session->pending = session->sent = 0;
	if (session->resized)
		send_size(session);
}

static void end(struct session *session, enum attach_end how)
{
	session->ended = true;
	session->result.end = how;
}

static void write_output(struct session *session, int stream, const char *data, size_t len)
{
	int *out = stream == 2 ? &session->err : &session->out;

	if (session->options->output) {
		if (session->options->output(session->options->arg, stream, data, len) < 0)
			end(session, ATTACH_LEFT);
		return;
	}
	/* Nobody reads ours any more: the process goes on, unread. */
	if (*out >= 0 && fd_write_full(*out, data, len) < 0)
		*out = -EBADF;
}

/* A monitor that was killed is replaced, by us if by nobody else, and goes on where we are. */
static void connection_lost(struct session *session)
{
	struct attachment *attachment = session->attachment;
	struct container *container = attachment->container;

	session->pending = session->sent = 0;
	if (container && container_attach_again(session->engine, attachment, session->options,
						attachment->exact ? &session->received : NULL))
		return;
	end(session, ATTACH_LOST);
	/* One who was there from the start has been sent all; another may have been too slow. */
	if (container && container->state == CONTAINER_EXITED && attachment->exact)
		session->result = (struct attach_result) {ATTACH_EXITED, container->exit_code};
}

static void read_monitor(struct session *session, char *buf)
{
	struct wire_header header;
	struct wire_exit exit;

	/* How it broke does not matter. */
	if (monitor_receive(session->attachment->fd, &header, buf, NULL) <= 0) {
		connection_lost(session);
	} else if (header.type == WIRE_OUTPUT && header.length > 1) {
		session->received.received[buf[0] == 2] += header.length - 1;
		write_output(session, buf[0], buf + 1, header.length - 1);
	} else if (header.type == WIRE_EXITED) {
		memcpy(&exit, buf, sizeof(exit));
		session->result.code = exit.code;
		end(session, ATTACH_EXITED);
	}
}

static int step(struct session *session, char *buf, struct error *err)
{
	bool want_input = session->input_open && session->pending == 0;
	struct pollfd fds[] = {
		{.fd = session->attachment->fd,
		 .events = (short)(POLLIN | (session->pending ? POLLOUT : 0))},
		{.fd = want_input ? session->options->in : -1, .events = POLLIN},
		{.fd = session->signal_fd, .events = POLLIN},
		{.fd = session->options->client},
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 0 : error_errno(err, errno, "wait for the process");
	if (fds[2].revents)
		take_signals(session);
	if (fds[1].revents)
		read_input(session);
	if (session->pending)
		send_input(session);
	if (session->detaching && !session->pending)
		end(session, ATTACH_DETACHED);
	else if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
		read_monitor(session, buf);
	else if (fds[3].revents)
		end(session, ATTACH_LEFT);
	return 0;
}

static int carry(struct session *session, struct error *err)
{
	auto_free char *buf = mem_alloc(WIRE_LENGTH_MAX);
	int r = 0;

	if (session->options->early_len > 0 && session->input_open)
		set_frame(session, session->options->early, session->options->early_len);
	while (r >= 0 && !session->ended)
		r = step(session, buf, err);
	return r;
}

/* Which signals we are told of, rather than ended or stopped by. */
static unsigned choose_signals(const struct session *session)
{
	const struct attach_options *options = session->options;
	unsigned kinds = 0;

	if (!session->attachment->tty)
		return options->signal_proxy && session->attachment->container ? ATTACH_SIGNALS_ALL
									       : 0;
	if (options->screen >= 0)
		kinds |= ATTACH_SIGNALS_SIZE;
	if (options->terminal >= 0)
		kinds |= ATTACH_SIGNALS_END;
	else if (options->signal_proxy && session->attachment->container)
		kinds |= ATTACH_SIGNALS_ALL;
	return kinds;
}

static int open_session(struct session *session, struct error *err)
{
	const struct attach_options *options = session->options;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	unsigned signals = choose_signals(session);
	int r = 0;

	session->terminal.fd = session->signal_fd = -EBADF;
	session->out = options->out;
	session->err = options->err;
	session->input_open = options->in >= 0 && session->attachment->with_stdin;
	session->result.code = CONTAINER_EXIT_UNKNOWN;
	/* A reader of our output that goes away must not take the container's cleanup with it. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	if (signals) {
		session->signal_fd = attach_signals_open(signals);
		r = MIN(session->signal_fd, 0);
	}
	if (r == 0 && session->attachment->tty && options->terminal >= 0)
		r = attach_terminal_take(&session->terminal, options->terminal);
	if (r < 0)
		return error_errno(err, r, "use the terminal");
	session->redraw = !session->attachment->exact;
	if (signals & ATTACH_SIGNALS_SIZE)
		send_size(session);
	return 0;
}

int attachment_run(struct engine *engine, struct attachment *attachment,
		   const struct attach_options *options, struct attach_result *ret,
		   struct error *err)
{
	auto_free struct session *session = mem_new(struct session);
	int r;

	if (options->early_len > INPUT_MAX)
		return error_set(err, ERROR_INVALID, "%zu bytes of early input are too many",
				 options->early_len);
	r = detach_keys_parse(options->detach_keys, &session->detach, err);
	if (r == 0 && attachment->waiting_fd >= 0)
		r = container_attach_await(engine, attachment, options, err);
	if (r < 0)
		return r;
	if (attachment->fd < 0) {
		*ret = (struct attach_result) {ATTACH_LEFT, CONTAINER_EXIT_UNKNOWN};
		return 0;
	}
	session->engine = engine;
	session->attachment = attachment;
	session->options = options;
	r = open_session(session, err);
	if (r == 0)
		r = carry(session, err);
	attach_terminal_give_back(&session->terminal);
	session->signal_fd = fd_close(session->signal_fd);
	if (r < 0)
		return r;
	*ret = session->result;
	if (ret->end == ATTACH_EXITED && attachment->owner)
		r = container_cleanup_as_owner(engine, attachment->container->id, attachment->fd,
					       err);
	return r;
}
