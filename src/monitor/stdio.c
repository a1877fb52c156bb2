#include "monitor/stdio.h"

#include "base/fd.h"
#include "kern/terminal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const fifo_names[3] = {"stdin", "stdout", "stderr"};

static void stream_ready(void *arg, uint32_t events);
static void input_ready(void *arg, uint32_t events);

static void watch(struct stdio *stdio, struct loop_source *source, bool wanted, uint32_t events)
{
	if (source->fd < 0)
		return;
	/* Adding a FIFO to an epoll set fails only for lack of kernel memory; the stream is then as
	 * good as gone, and must not look alive for ever. */
	if (loop_watch(stdio->loop, source, wanted ? events : 0) < 0)
		source->fd = fd_close(source->fd);
}

static void watch_outputs(struct stdio *stdio)
{
	for (size_t i = 0; i < ARRAY_SIZE(stdio->streams); i++)
		watch(stdio, &stdio->streams[i].source, stdio->reading && !stdio->held, EPOLLIN);
}

/* The mode is for the container's users only: nobody else passes the bundle's directory, and a
 * process may open its own /dev/stdout again whatever user it has become. */
static int make_fifo(int bundle_fd, const char *name, mode_t mode)
{
	int r = mkfifoat(bundle_fd, name, 0600) < 0 ? -errno : 0;

	/* One of an earlier life may still have a reader. */
	if (r == -EEXIST) {
		if (unlinkat(bundle_fd, name, 0) < 0 || mkfifoat(bundle_fd, name, 0600) < 0)
			return -errno;
	} else if (r < 0) {
		return r;
	}
	/* mkfifo is subject to the umask. */
	return fchmodat(bundle_fd, name, mode, 0) < 0 ? -errno : 0;
}

static int open_fifo(int bundle_fd, const char *name, int flags)
{
	int fd = openat(bundle_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The container's end. */
static int make_output(int bundle_fd, const char *name)
{
	int r = make_fifo(bundle_fd, name, 0622);

	return r < 0 ? r : open_fifo(bundle_fd, name, O_RDWR);
}

static int open_output(struct stdio *stdio, int bundle_fd, int number)
{
	struct stdio_stream *stream = &stdio->streams[number - 1];
	const char *name = fifo_names[number];
	int r;

	if (!(stdio->flags & STDIO_RESUME)) {
		r = make_output(bundle_fd, name);
		if (r < 0)
			return r;
		stdio->container[number] = r;
	}
	r = open_fifo(bundle_fd, name, O_RDONLY | O_NONBLOCK);
	if (r < 0)
		return r;
	stream->source.fd = r;
	return 0;
}

/* Who reads stdin has seen its end when the monitor died, or sees it now. */
static int reopen_input(struct stdio *stdio, int bundle_fd)
{
	int r = open_fifo(bundle_fd, fifo_names[0], O_WRONLY | O_NONBLOCK);

	if (r >= 0)
		stdio->input.fd = r;
	return r == -ENXIO || r == -ENOENT ? 0 : MIN(r, 0);
}

static int open_input(struct stdio *stdio, int bundle_fd)
{
	int r;

	if (stdio->flags & STDIO_RESUME)
		return reopen_input(stdio, bundle_fd);
	r = make_fifo(bundle_fd, fifo_names[0], 0644);
	if (r < 0)
		return r;
	/* Neither end may wait for the other: the reader is opened first, and blocks only later. */
	r = open_fifo(bundle_fd, fifo_names[0], O_RDONLY | O_NONBLOCK);
	if (r < 0)
		return r;
	stdio->container[0] = r;
	r = open_fifo(bundle_fd, fifo_names[0], O_WRONLY | O_NONBLOCK);
	if (r < 0)
		return r;
	stdio->input.fd = r;
	return fcntl(stdio->container[0], F_SETFL, 0) < 0 ? -errno : 0;
}

void stdio_init(struct stdio *stdio, struct loop *loop,
		void (*output)(void *arg, int stream, const char *data, size_t len), void *arg)
{
	*stdio = (struct stdio) {
		.loop = loop,
		.console = CONSOLE_NONE,
		.slave = -EBADF,
		.log.fd = -EBADF,
		.progress.fd = -EBADF,
		.peek = {-EBADF, -EBADF},
		.output = output,
		.arg = arg,
	};
	for (int i = 0; i < 3; i++)
		stdio->container[i] = -EBADF;
	for (int i = 0; i < 2; i++)
		stdio->streams[i] = (struct stdio_stream) {
			.stdio = stdio,
			.number = i + 1,
			.source = {.fd = -EBADF, .ready = stream_ready, .arg = &stdio->streams[i]},
		};
	stdio->input = (struct loop_source) {.fd = -EBADF, .ready = input_ready, .arg = stdio};
}

static int open_fifos(struct stdio *stdio, int bundle_fd)
{
	int r = 0;

	if (stdio->flags & STDIO_INPUT)
		r = open_input(stdio, bundle_fd);
	for (int number = 1; r == 0 && number <= 2; number++)
		r = open_output(stdio, bundle_fd, number);
	return r;
}

/* Returns how much of @stream, at most @max bytes, is in stdio->buffer; it stays where it is. */
static ssize_t peek(struct stdio *stdio, const struct stdio_stream *stream, size_t max)
{
	ssize_t n = tee(stream->source.fd, stdio->peek[1], max, SPLICE_F_NONBLOCK);

	if (n > 0 && fd_read_full(stdio->peek[0], stdio->buffer, (size_t)n) < 0)
		return -1;
	return n;
}

static void take_out(struct stdio *stdio, const struct stdio_stream *stream, size_t len)
{
	/* They are there. */
	(void)!fd_read_full(stream->source.fd, stdio->buffer, len);
	progress_end(&stdio->progress);
}

/* What the last monitor had begun to take out, and may have. */
static int resume(struct stdio *stdio, int bundle_fd)
{
	const struct progress_record *record = &stdio->progress.record;
	const struct stdio_stream *stream;
	ssize_t n;
	int r;

	r = progress_open(&stdio->progress, bundle_fd);
	if (r == 0)
		r = progress_restore(&stdio->progress, &stdio->log);
	if (r < 0) {
		progress_release(&stdio->progress);
		return progress_create(&stdio->progress, bundle_fd, &stdio->log);
	}
	if (record->taking == 0 || record->taking > STDIO_BUFFER_SIZE)
		return 0;
	stream = &stdio->streams[record->stream - 1];
	n = peek(stdio, stream, record->taking);
	if (n == (ssize_t)record->taking && progress_hash(stdio->buffer, (size_t)n) == record->hash)
		take_out(stdio, stream, (size_t)n);
	return 0;
}

static int open_progress(struct stdio *stdio, int bundle_fd)
{
	if (pipe2(stdio->peek, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	return stdio->flags & STDIO_RESUME
		       ? resume(stdio, bundle_fd)
		       : progress_create(&stdio->progress, bundle_fd, &stdio->log);
}

int stdio_open(struct stdio *stdio, int bundle_fd, unsigned flags, const char *log,
	       struct error *err)
{
	int r;

	stdio->flags = flags;
	stdio->buffer = mmap(NULL, STDIO_BUFFER_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stdio->buffer == MAP_FAILED) {
		stdio->buffer = NULL;
		return error_errno(err, errno, "map a buffer for the container's output");
	}
	if (!(flags & STDIO_TERMINAL))
		r = open_fifos(stdio, bundle_fd);
	else
		r = flags & STDIO_RESUME ? 0 : console_open(&stdio->console, bundle_fd);
	stdio->awaits_terminal = (flags & STDIO_TERMINAL) && !(flags & STDIO_RESUME);
	if (r < 0)
		return error_errno(err, r, "make the container's standard streams");
	if (!log)
		return 0;
	r = json_log_open(&stdio->log, log);
	if (r < 0)
		return error_errno(err, r, "open log %s", log);
	r = flags & STDIO_TERMINAL ? 0 : open_progress(stdio, bundle_fd);
	return r < 0 ? error_errno(err, r, "write down the progress of the log") : 0;
}

static void close_source(struct stdio *stdio, struct loop_source *source)
{
	if (source->fd < 0)
		return;
	loop_forget(stdio->loop, source);
	source->fd = fd_close(source->fd);
}

void stdio_release(struct stdio *stdio)
{
	stdio_started(stdio);
	for (size_t i = 0; i < ARRAY_SIZE(stdio->streams); i++)
		close_source(stdio, &stdio->streams[i].source);
	close_source(stdio, &stdio->input);
	console_release(&stdio->console);
	progress_release(&stdio->progress);
	fd_closep(&stdio->peek[0]);
	fd_closep(&stdio->peek[1]);
	stdio->slave = fd_close(stdio->slave);
	json_log_release(&stdio->log);
	str_release(&stdio->input_pending);
	if (stdio->buffer)
		(void)munmap(stdio->buffer, STDIO_BUFFER_SIZE);
	stdio->buffer = NULL;
}

void stdio_started(struct stdio *stdio)
{
	for (size_t i = 0; i < ARRAY_SIZE(stdio->container); i++)
		fd_closep(&stdio->container[i]);
}

static void set_size(struct stdio *stdio)
{
	const struct winsize size = {.ws_row = stdio->size.rows, .ws_col = stdio->size.columns};

	if (size.ws_row > 0 && size.ws_col > 0)
		(void)!terminal_set_size(stdio->streams[0].source.fd, &size);
}

int stdio_take_terminal(struct stdio *stdio, struct error *err)
{
	int r;

	if (!(stdio->flags & STDIO_TERMINAL))
		return 0;
	r = console_take(&stdio->console, &stdio->streams[0].source.fd, err);
	if (r < 0)
		return r;
	/* Another number for the same end: it is watched for other events, by another source. */
	stdio->input.fd = fd_dup(stdio->streams[0].source.fd);
	stdio->slave = terminal_open_slave(stdio->streams[0].source.fd);
	if (stdio->input.fd < 0 || stdio->slave < 0)
		return error_errno(err, MIN(stdio->input.fd, stdio->slave), "use the terminal");
	set_size(stdio);
	watch_outputs(stdio);
	stdio->awaits_terminal = false;
	if (stdio_input_full(stdio))
		watch(stdio, &stdio->input, true, EPOLLOUT);
	return 0;
}

void stdio_process_ended(struct stdio *stdio)
{
	stdio->slave = fd_close(stdio->slave);
}

void stdio_resize(struct stdio *stdio, const struct wire_size *size)
{
	stdio->size = *size;
	if (stdio->flags & STDIO_TERMINAL && stdio->streams[0].source.fd >= 0)
		set_size(stdio);
}

void stdio_read(struct stdio *stdio)
{
	stdio->reading = true;
	watch_outputs(stdio);
}

void stdio_hold(struct stdio *stdio, bool hold)
{
	if (stdio->held == hold)
		return;
	stdio->held = hold;
	watch_outputs(stdio);
}

bool stdio_is_ended(const struct stdio *stdio)
{
	return stdio->streams[0].source.fd < 0 && stdio->streams[1].source.fd < 0;
}

/* A process that may (vhangup) has taken the terminal from all that had it, us included. Those who
 * come next find it as new. */
static bool is_hung_up_only(struct stdio *stdio)
{
	if (stdio->slave < 0)
		return false;
	(void)fd_close(stdio->slave);
	stdio->slave = terminal_open_slave(stdio->streams[0].source.fd);
	return stdio->slave >= 0;
}

static void pass_on(struct stdio_stream *stream, const char *data, size_t len)
{
	struct stdio *stdio = stream->stdio;

	json_log_append(&stdio->log, stream->number, data, len);
	stdio->output(stdio->arg, stream->number, data, len);
}

static void show(struct stdio_stream *stream, size_t len)
{
	struct stdio *stdio = stream->stdio;

	stdio->shown.stream = stream;
	stdio->shown.len = len;
	stdio->shown.hash = progress_hash(stdio->buffer, len);
	pass_on(stream, stdio->buffer, len);
}

void stdio_arrived(struct stdio *stdio)
{
	const struct stdio_stream *stream = stdio->shown.stream;
	size_t len = stdio->shown.len;

	stdio->shown.len = 0;
	if (len == 0 || stream->source.fd < 0)
		return;
	progress_begin(&stdio->progress, &stdio->log, stream->number, stdio->shown.hash, len);
	take_out(stdio, stream, len);
}

static void stream_ready(void *arg, uint32_t events)
{
	struct stdio_stream *stream = arg;
	struct stdio *stdio = stream->stdio;
	bool careful = stdio->progress.fd >= 0;
	ssize_t n;

	(void)events;
	/* One piece at a time: the log says where it ends. */
	if (stdio->shown.len > 0)
		return;
	n = careful ? peek(stdio, stream, STDIO_BUFFER_SIZE)
		    : read(stream->source.fd, stdio->buffer, STDIO_BUFFER_SIZE);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && careful)
		show(stream, (size_t)n);
	else if (n > 0)
		pass_on(stream, stdio->buffer, (size_t)n);
	if (n > 0 || is_hung_up_only(stdio))
		return;
	close_source(stdio, &stream->source);
	json_log_finish(&stdio->log, stream->number);
}

void stdio_finish(struct stdio *stdio)
{
	for (size_t i = 0; i < ARRAY_SIZE(stdio->streams); i++) {
		close_source(stdio, &stdio->streams[i].source);
		json_log_finish(&stdio->log, stdio->streams[i].number);
	}
	close_source(stdio, &stdio->input);
	json_log_release(&stdio->log);
}

/* Writes what the FIFO takes; 0 if that is nothing. The container has closed its stdin: all is
 * taken, and dropped. */
static size_t write_input(struct stdio *stdio, const char *data, size_t len)
{
	ssize_t n;

	do
		n = write(stdio->input.fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t)n;
	if (errno == EAGAIN)
		return 0;
	/* A terminal that is hung up for the moment. */
	if (stdio->slave >= 0)
		return len;
	close_source(stdio, &stdio->input);
	return len;
}

bool stdio_input_full(const struct stdio *stdio)
{
	return stdio->input_pending.len > 0;
}

bool stdio_input(struct stdio *stdio, const char *data, size_t len)
{
	while (len > 0 && stdio->input.fd >= 0 && !stdio->input_ending &&
	       !stdio_input_full(stdio)) {
		size_t n = write_input(stdio, data, len);

		data += n;
		len -= n;
		if (n == 0)
			break;
	}
	if (len == 0 || stdio->input_ending || (stdio->input.fd < 0 && !stdio->awaits_terminal))
		return true;
	str_append_mem(&stdio->input_pending, data, len);
	if (!stdio->awaits_terminal)
		watch(stdio, &stdio->input, true, EPOLLOUT);
	return false;
}

static void input_ready(void *arg, uint32_t events)
{
	struct stdio *stdio = arg;
	struct str *pending = &stdio->input_pending;
	size_t n = write_input(stdio, pending->data, pending->len);

	(void)events;
	memmove(pending->data, pending->data + n, pending->len - n);
	pending->len -= n;
	if (pending->len > 0)
		return;
	if (stdio->input_ending)
		close_source(stdio, &stdio->input);
	watch(stdio, &stdio->input, false, 0);
}

void stdio_input_end(struct stdio *stdio)
{
	if (stdio->flags & STDIO_TERMINAL)
		return;
	if (stdio_input_full(stdio))
		stdio->input_ending = true;
	else
		close_source(stdio, &stdio->input);
}

void stdio_trim(struct stdio *stdio)
{
	json_log_trim(&stdio->log);
	if (!stdio_input_full(stdio))
		str_release(&stdio->input_pending);
	if (stdio->buffer)
		(void)madvise(stdio->buffer, STDIO_BUFFER_SIZE, MADV_DONTNEED);
}
