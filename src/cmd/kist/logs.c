/*
 * kist logs: what a container wrote.
 */
#include "api/docker/since.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/kist.h"
#include "engine/container/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define OUT_MAX (64 * 1024)

struct logs_values {
	bool details, follow, timestamps;
	const char *tail, *since, *until;
};

static const struct option options[] = {
	{"details", 0, OPTION_BOOL, offsetof(struct logs_values, details), NULL,
	 "Show extra details provided to logs"},
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
	bool details, timestamps;
	bool within[3]; /* by stream: the last text had no newline */
	enum log_stream stream;
	struct str out; /* of that stream */
};

static int flush(void *arg, struct error *err)
{
	struct show *show = arg;
	int fd = show->stream == LOG_STDERR ? STDERR_FILENO : STDOUT_FILENO;
	int r = show->out.len > 0 ? fd_write_full(fd, show->out.data, show->out.len) : 0;

	str_clear(&show->out);
	return r < 0 ? error_errno(err, r, "write the log") : 0;
}

static int show_line(const struct log_line *line, void *arg, struct error *err)
{
	struct show *show = arg;
	char time[TIME_TEXT_SIZE];
	int r = 0;

	/* Both may be one terminal, where the order of lines is seen. */
	if (line->stream != show->stream || show->out.len > OUT_MAX)
		r = flush(show, err);
	if (r < 0)
		return r;
	show->stream = line->stream;
	/* A long line of the container's is several records: its time stands at its beginning. */
	if (show->timestamps && !show->within[line->stream])
		str_append_format(&show->out, "%s ", time_format_fixed(line->time, time));
	/* Attributes of a log driver, of which this one has none, and what parts them from the
	 * text. */
	if (show->details && !show->within[line->stream])
		str_append_char(&show->out, ' ');
	str_append_mem(&show->out, line->text, line->len);
	show->within[line->stream] = line->len == 0 || line->text[line->len - 1] != '\n';
	return 0;
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

static int run(const struct invocation *invocation, void *data)
{
	const struct logs_values *values = data;
	struct show show = {
		.details = values->details, .timestamps = values->timestamps, .stream = LOG_STDOUT};
	struct log_request request = {
		.since = INT64_MIN,
		.until = INT64_MAX,
		.follow = values->follow,
		.client = -EBADF,
		.line = show_line,
		.pause = flush,
		.arg = &show,
	};
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	auto_error err = {0};
	int r;

	if (read_number(values->tail, &request.tail, &err) < 0 ||
	    read_time("since", values->since, &request.since, &err) < 0 ||
	    read_time("until", values->until, &request.until, &err) < 0)
		return kist_fail(&err);
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_find(&engine, invocation->operands[0], &container, &err);
	if (r == 0)
		r = container_log_read(&engine, &container, &request, &err);
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
