/*
 * Theory of operation. A client that runs a container waits first and starts it then: it has to be
 * told that we are waiting (the head of the answer) before there is anything to tell. A container
 * with --rm may be gone by the time that we look. So we read its events, from before that word on:
 * "die" brings the exit code, "destroy" says that nothing of it is left. Where no event comes
 * (whoever wrote them was killed) its state tells, a second later.
 */
#include "api/docker/container-wait.h"

#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "base/parse.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "engine/event-stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* Docker's words for a code that nobody knows. */
#define EXIT_UNKNOWN 255

struct wait {
	struct engine *engine;
	unsigned condition;
	char id[CONTAINER_ID_SIZE];
	int64_t finished; /* of the last end before we waited */
	int code;
	bool ended;   /* has been seen to end */
	bool removed; /* is no more */
};

static void take_event(struct wait *wait, const struct event *event)
{
	const char *code = event_attribute(event, "exitCode");
	int64_t number;

	if (!STREQ(event->type, "container") || !STREQ(event->id, wait->id))
		return;
	if (STREQ(event->action, "destroy"))
		wait->removed = true;
	if (!STREQ(event->action, "die"))
		return;
	wait->ended = true;
	wait->code = code && parse_i64(code, &number) == 0 ? (int)number : CONTAINER_EXIT_UNKNOWN;
}

static int take_events(struct wait *wait, struct event_stream *stream, struct error *err)
{
	while (true) {
		auto_event event = {0};
		int r = event_stream_next(stream, &event, err);

		if (r <= 0)
			return r;
		take_event(wait, &event);
	}
}

static bool is_over(const struct wait *wait)
{
	return wait->removed || (wait->ended && wait->condition != WAIT_REMOVED);
}

/* What no event has told. */
static int look(struct wait *wait, struct error *err)
{
	auto_container container = {0};
	auto_error why = {0};
	int r = container_find(wait->engine, wait->id, &container, &why);

	if (r < 0 && why.kind == ERROR_NOT_FOUND) {
		wait->removed = true;
		return 0;
	}
	if (r < 0)
		return error_move(err, &why);
	if (container.state == CONTAINER_EXITED && !container.restarting &&
	    (wait->condition == WAIT_NOT_RUNNING || container.finished != wait->finished)) {
		wait->ended = true;
		wait->code = container.exit_code;
	}
	return 0;
}

/* 1: it is over; 0: the client is gone. */
static int await(struct wait *wait, struct event_stream *stream, int client, struct error *err)
{
	int r = 0;

	while (r == 0) {
		struct pollfd fds[] = {{event_stream_fd(stream), POLLIN, 0}, {client, 0, 0}};

		r = take_events(wait, stream, err);
		if (r == 0 && is_over(wait))
			return 1;
		if (r == 0 && poll(fds, ARRAY_SIZE(fds), EVENT_POLL_MS) == 0)
			r = look(wait, err);
		if (fds[1].revents)
			return 0;
	}
	return r;
}

static int answer(struct call *call, const struct wait *wait, struct error *err)
{
	auto_str document = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "StatusCode",
		       wait->code == CONTAINER_EXIT_UNKNOWN ? EXIT_UNKNOWN : wait->code);
	if (wait->code == CONTAINER_EXIT_UNKNOWN) {
		json_object_begin(&w, "Error");
		json_write_string(&w, "Message", "nobody saw how the container ended");
		json_end(&w);
	}
	json_end(&w);
	str_append_char(&document, '\n');
	r = response_write(&call->response, document.data, document.len, err);
	return r < 0 ? r : response_end(&call->response, err);
}

int container_call_wait(struct call *call, const void *values, struct error *err)
{
	const struct container_wait_request *wanted = values;
	struct wait wait = {.condition = wanted->condition, .code = CONTAINER_EXIT_UNKNOWN};
	auto_event_stream *stream = NULL;
	auto_container container = {0};
	int r;

	/* The stream before the state: what happens in between is told twice, and never missed. */
	r = call_engine(call, &wait.engine, err);
	if (r == 0)
		r = event_stream_open(wait.engine, 0, &stream, err);
	if (r == 0)
		r = call_container(call, wanted->name, &wait.engine, &container, err);
	if (r < 0)
		return r;
	(void)memcpy(wait.id, container.id, sizeof(wait.id));
	wait.finished = container.finished;
	if (container.state == CONTAINER_EXITED)
		wait.code = container.exit_code;
	wait.ended = container.state != CONTAINER_RUNNING && !container.restarting &&
		     wanted->condition == WAIT_NOT_RUNNING;
	/* One that is removed without ever having run. */
	if (container.state == CONTAINER_CREATED)
		wait.code = 0;
	r = response_stream(&call->response, 200, "application/json", err);
	if (r == 0)
		r = await(&wait, stream, call->response.fd, err);
	return r <= 0 ? r : answer(call, &wait, err);
}
