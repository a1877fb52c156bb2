/*
 * kist logs: what a container wrote.
 *
 * Theory of operation. The monitor appends to the log and is the only one who knows when the last
 * byte of a container is in it: it says WIRE_EXITED after that. To follow, we connect to it first,
 * read what there is, and then wait for the file to change (inotify) or for the monitor. After the
 * monitor's word, or its death, what is left is read once more and we are done. A container without
 * a monitor does not run: reading once is all.
 */
#include "api/docker/since.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/kist.h"
#include "engine/container.h"
#include "monitor/client.h"
#include "monitor/log-read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define OUT_MAX (64 * 1024)
/* Where inotify is exhausted, how long a line may stay unseen. */
#define POLL_MS 200

struct logs_values {
	bool follow, timestamps;
	const char *tail, *since, *until;
};

static const struct option options[] = {
	{"follow", 'f', OPTION_BOOL, offsetof(struct logs_values, follow), NULL,
	 "Follow log output"},
	{"since", 0, OPTION_STRING, offsetof(struct logs_values, since), "string",
	 "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\")"},
	{"tail", 'n', OPTION_STRING, offsetof(struct logs_values, tail), "string",
	 "Number of lines to show from the end of the logs (default \"all\")"},
	{"timestamps", 't', OPTION_BOOL, offsetof(struct logs_values, timestamps), NULL,
	 "Show timestamps"},
	{"until", 0, OPTION_STRING, offsetof(struct logs_values, until), "string",
	 "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\")"},
	{NULL},
};

/* What is shown, and what is on its way to the two descriptors. */
struct show {
	int64_t since, until; /* INT64_MIN, INT64_MAX: no bound */
	bool timestamps;
	bool over;	/* past until: nothing more will be shown */
	bool within[3]; /* by stream: the last text had no newline */
	enum log_stream stream;
	struct str out; /* of that stream */
};

static int flush(struct show *show, struct error *err)
{
	int fd = show->stream == LOG_STDERR ? STDERR_FILENO : STDOUT_FILENO;
	int r = show->out.len > 0 ? fd_write_full(fd, show->out.data, show->out.len) : 0;

	str_clear(&show->out);
	return r < 0 ? error_errno(err, r, "write the log") : 0;
}

static int show_line(struct show *show, const struct log_line *line, struct error *err)
{
	char time[TIME_TEXT_SIZE];
	int r = 0;

	if (line->time > show->until)
		show->over = true;
	if (show->over || line->time < show->since)
		return 0;
	/* Both may be one terminal, where the order of lines is seen. */
	if (line->stream != show->stream || show->out.len > OUT_MAX)
		r = flush(show, err);
	if (r < 0)
		return r;
	show->stream = line->stream;
	/* A long line of the container's is several records: its time stands at its beginning. */
	if (show->timestamps && !show->within[line->stream])
		str_append_format(&show->out, "%s ", time_format_fixed(line->time, time));
	str_append_mem(&show->out, line->text, line->len);
	show->within[line->stream] = line->len == 0 || line->text[line->len - 1] != '\n';
	return 0;
}

/* Shows all lines that there are. */
static int drain(struct log_reader *reader, struct show *show, struct error *err)
{
	struct log_line line;
	int r;

	while (!show->over) {
		r = log_reader_next(reader, &line);
		if (r < 0)
			return error_errno(err, r, "read the log");
		if (r == 0)
			break;
		r = show_line(show, &line, err);
		if (r < 0)
			return r;
	}
	return flush(show, err);
}

/* Whether the monitor has told of the end, or is gone. */
static bool has_ended(int monitor)
{
	auto_free char *frame = mem_alloc(WIRE_LENGTH_MAX);
	struct wire_header header;

	return monitor_receive(monitor, &header, frame, NULL) <= 0 || header.type == WIRE_EXITED;
}

static int follow(struct log_reader *reader, struct show *show, int monitor, struct error *err)
{
	char path[sizeof("/proc/self/fd/") + 12];
	auto_fd int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[sizeof(struct inotify_event) + NAME_MAX + 1];
	bool watched, ended = false;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", reader->fd);
	watched = watch >= 0 && inotify_add_watch(watch, path, IN_MODIFY) >= 0;
	for (;;) {
		struct pollfd fds[] = {{monitor, POLLIN, 0}, {watched ? watch : -1, POLLIN, 0}};

		/* After the watch, after the monitor's word: nothing that came before is missed. */
		r = drain(reader, show, err);
		if (r < 0 || ended || show->over)
			return r;
		if (poll(fds, 2, watched ? -1 : POLL_MS) < 0 && errno != EINTR)
			return error_errno(err, errno, "wait for the log");
		if (fds[0].revents)
			ended = has_ended(monitor);
		if (fds[1].revents)
			while (read(watch, events, sizeof(events)) > 0)
				;
	}
}

static int read_number(const char *text, int64_t *ret, struct error *err)
{
	*ret = -1;
	if (!text || STREQ(text, "all") || parse_i64(text, ret) == 0)
		return 0;
	return error_set(
		err, ERROR_INVALID,
		"invalid argument \"%s\" for \"--tail\" flag: not a number of lines, and not "
		"\"all\"",
		text);
}

static int read_time(const char *option, const char *text, int64_t *ret, struct error *err)
{
	if (!text || since_parse(text, time_now(), ret) == 0)
		return 0;
	return error_set(err, ERROR_INVALID,
			 "invalid value for \"%s\": '%s' is no point in time: give a date, seconds "
			 "since 1970 or a duration like 42m",
			 option, text);
}

/* Connects to the monitor of a running container. -EBADF: nobody is there to wait for. */
static int wait_connect(struct engine *engine, const struct container *container, struct error *err)
{
	auto_free char *bundle = container_run_folder(engine, container->id);
	auto_fd int monitor = -EBADF;
	int r;

	if (container->state != CONTAINER_RUNNING)
		return -EBADF;
	r = monitor_connect(bundle, &monitor, err);
	if (r == 0)
		r = monitor_send(monitor, WIRE_WAIT, NULL, 0, err);
	return r < 0 ? -EBADF : TAKE_FD(monitor);
}

static int show_log(struct engine *engine, const struct container *container, bool following,
		    int64_t tail, struct show *show, struct error *err)
{
	auto_fd int monitor = following ? wait_connect(engine, container, NULL) : -EBADF;
	auto_free char *path = container_log_path(engine, container);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_log_reader reader = {0};
	int r;

	/* Never started. */
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_errno(err, errno, "open the log %s", path);
	r = log_reader_init(&reader, fd, tail);
	if (r < 0)
		return error_errno(err, r, "read the log %s", path);
	if (monitor < 0)
		return drain(&reader, show, err);
	return follow(&reader, show, monitor, err);
}

static int run(const struct invocation *invocation, void *data)
{
	const struct logs_values *values = data;
	struct show show = {
		.since = INT64_MIN,
		.until = INT64_MAX,
		.timestamps = values->timestamps,
		.stream = LOG_STDOUT,
	};
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	auto_error err = {0};
	int64_t tail;
	int r;

	if (read_number(values->tail, &tail, &err) < 0 ||
	    read_time("since", values->since, &show.since, &err) < 0 ||
	    read_time("until", values->until, &show.until, &err) < 0)
		return kist_fail(&err);
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_find(&engine, invocation->operands[0], &container, &err);
	if (r == 0)
		r = show_log(&engine, &container, values->follow, tail, &show, &err);
	str_release(&show.out);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_logs = {
	.name = "logs",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Fetch the logs of a container",
	.options = options,
	.values_size = sizeof(struct logs_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
