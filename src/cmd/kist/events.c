/*
 * kist events: what happens to containers, images, networks and volumes.
 */
#include "api/docker/since.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "codec/json-write.h"
#include "engine/event-filter.h"
#include "engine/event-stream.h"
#include "engine/event.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct events_values {
	const char *since, *until, *format;
	struct strv filters;
};

static const struct option options[] = {
	{"filter", 'f', OPTION_LIST, offsetof(struct events_values, filters), "filter",
	 "Filter output based on conditions provided"},
	{"format", 0, OPTION_STRING, offsetof(struct events_values, format), "string", FORMAT_HELP},
	{"since", 0, OPTION_STRING, offsetof(struct events_values, since), "string",
	 "Show all events created since timestamp"},
	{"until", 0, OPTION_STRING, offsetof(struct events_values, until), "string",
	 "Stream events until this timestamp"},
	{NULL},
};

/* As Docker: nine places, in local time. */
static void write_time(int64_t time, struct str *out)
{
	time_t seconds = (time_t)(time / TIME_SECOND);
	struct tm tm = {0};
	long minutes;

	(void)localtime_r(&seconds, &tm);
	str_append_format(out, "%04d-%02d-%02dT%02d:%02d:%02d.%09lld", tm.tm_year + 1900,
			  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			  (long long)(time % TIME_SECOND));
	minutes = tm.tm_gmtoff / 60;
	if (minutes == 0)
		str_append_char(out, 'Z');
	else
		str_append_format(out, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', labs(minutes) / 60,
				  labs(minutes) % 60);
}

static void write_line(const struct event *event, struct str *out)
{
	write_time(event->time, out);
	str_append_format(out, " %s %s %s", event->type, event->action, event->id);
	for (size_t i = 0; i < event->attributes.n; i++)
		str_append_format(out, "%s%s", i ? ", " : " (", event->attributes.v[i]);
	str_append(out, event->attributes.n ? ")\n" : "\n");
}

/* The document under the names that templates use. */
static int write_template(const struct event *event, const char *format, struct str *out,
			  struct error *err)
{
	const char *from = event_attribute(event, "image");
	auto_str text = {0};
	auto_json *document = NULL;
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "Status", event->action);
	json_write_string(&w, "ID", event->id);
	json_write_string(&w, "From", from ? from : "");
	json_write_string(&w, "Type", event->type);
	json_write_string(&w, "Action", event->action);
	json_object_begin(&w, "Actor");
	json_write_string(&w, "ID", event->id);
	json_object_begin(&w, "Attributes");
	for (size_t i = 0; i < event->attributes.n; i++) {
		size_t len = strcspn(event->attributes.v[i], "=");
		auto_free char *key = mem_strndup(event->attributes.v[i], len);

		json_write_string(&w, key, event_attribute(event, key));
	}
	json_end(&w);
	json_end(&w);
	json_write_string(&w, "Scope", "local");
	json_write_i64(&w, "Time", event->time / TIME_SECOND);
	json_write_i64(&w, "TimeNano", event->time);
	json_end(&w);
	r = json_parse(str_text(&text), text.len, &document, NULL);
	if (r < 0)
		return error_errno(err, r, "show an event");
	return format_document(format, document, NULL, out, err);
}

static int show(const struct event *event, const char *format, struct error *err)
{
	auto_str out = {0};
	int r = 0;

	if (!format || !*format) {
		write_line(event, &out);
	} else if (STREQ(format, "json") || STREQ(format, "{{json .}}")) {
		event_write(event, true, &out);
		str_append_char(&out, '\n');
	} else {
		r = write_template(event, format, &out, err);
	}
	if (r < 0)
		return r;
	if (fwrite(str_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0)
		return error_errno(err, errno, "write to standard output");
	return 0;
}

/* Shows what there is. 1: the point in time where to end has come. */
static int drain(struct event_stream *stream, const struct events_values *values, int64_t until,
		 struct error *err)
{
	int r;

	for (;;) {
		auto_event event = {0};

		r = event_stream_next(stream, &event, err);
		if (r <= 0)
			return r;
		if (event.time > until)
			return 1;
		if (!event_matches(&event, &values->filters))
			continue;
		r = show(&event, values->format, err);
		if (r < 0)
			return r;
	}
}

static int follow(struct event_stream *stream, const struct events_values *values, int64_t until,
		  struct error *err)
{
	struct pollfd fd = {event_stream_fd(stream), POLLIN, 0};

	for (;;) {
		int64_t now = time_now();
		int64_t left = until == INT64_MAX ? INT64_MAX : (until - now) / 1000000 + 1;
		int r = drain(stream, values, until, err);

		if (r != 0)
			return r < 0 ? r : 0;
		if (now > until)
			return 0;
		if (poll(&fd, 1, (int)MIN(left, (int64_t)EVENT_POLL_MS)) < 0 && errno != EINTR)
			return error_errno(err, errno, "wait for events");
	}
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
	const struct events_values *values = data;
	int64_t since = 0, until = INT64_MAX;
	auto_event_stream *stream = NULL;
	auto_engine engine = ENGINE_CLOSED;
	auto_error err = {0};
	int r;

	if (event_filters_check(&values->filters, &err) < 0 ||
	    read_time("since", values->since, &since, &err) < 0 ||
	    read_time("until", values->until, &until, &err) < 0)
		return kist_fail(&err);
	/* Up to a time that has passed only the past can be meant. */
	if (values->until && !values->since)
		since = 1;
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = event_stream_open(&engine, since, &stream, &err);
	if (r == 0)
		r = follow(stream, values, until, &err);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_events = {
	.name = "events",
	.usage = "[OPTIONS]",
	.summary = "Get real time events from the engine",
	.options = options,
	.values_size = sizeof(struct events_values),
	.run = run,
};
