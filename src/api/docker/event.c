#include "api/docker/event.h"

#include "api/docker/event-request.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/event-filter.h"
#include "engine/event-stream.h"

#include <errno.h>
#include <poll.h>

#define LEGACY_UNTIL   52 /* API 1.52 has no status, id and from any more */
#define MILLISECOND_NS INT64_C(1000000)

/* Sends those that there are now: 0, or 1 when the last one that is wanted has come. */
static int send_present(struct call *call, const struct event_request *wanted,
			struct event_stream *stream, struct error *err)
{
	while (true) {
		auto_event event = {0};
		auto_str line = {0};
		int r = event_stream_next(stream, &event, err);

		if (r <= 0)
			return r;
		if (wanted->has_until && event.time > wanted->until)
			return 1;
		if (!event_matches(&event, &wanted->filters))
			continue;
		event_write(&event, call->head.version < LEGACY_UNTIL, &line);
		str_append_char(&line, '\n');
		r = response_write(&call->response, line.data, line.len, err);
		if (r < 0)
			return r;
	}
}

static int wait_ms(const struct event_request *wanted)
{
	int64_t left;

	if (!wanted->has_until)
		return EVENT_POLL_MS;
	left = (wanted->until - time_now()) / MILLISECOND_NS + 1;
	return (int)MAX(MIN(left, (int64_t)EVENT_POLL_MS), (int64_t)0);
}

int event_call_stream(struct call *call, const void *values, struct error *err)
{
	const struct event_request *wanted = values;
	auto_event_stream *stream = NULL;
	struct engine *engine;
	int r;

	r = event_filters_check(&wanted->filters, err);
	if (r == 0)
		r = call_engine(call, &engine, err);
	if (r == 0)
		r = event_stream_open(engine, wanted->since, &stream, err);
	if (r == 0)
		r = response_stream(&call->response, 200, "application/json", err);
	while (r == 0) {
		struct pollfd fds[] = {{event_stream_fd(stream), POLLIN, 0},
				       {call->response.fd, 0, 0}};
		bool over = wanted->has_until && time_now() > wanted->until;

		r = send_present(call, wanted, stream, err);
		if (r != 0 || over)
			break;
		(void)poll(fds, ARRAY_SIZE(fds), wait_ms(wanted));
		if (fds[1].revents)
			return 0;
	}
	return r < 0 ? r : response_end(&call->response, err);
}
