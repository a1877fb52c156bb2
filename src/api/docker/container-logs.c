#include "api/docker/container-logs.h"

#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "api/docker/frame.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container/log.h"

#include <errno.h>

#define OUT_MAX (64u << 10)

/* Pieces on their way to the client; flushed when there is nothing more to read at once. */
struct sending {
	struct response *response;
	bool raw; /* a hijacked connection, not chunks */
	bool framed;
	bool wanted[3]; /* by stream */
	bool timestamps;
	const char *details; /* labels and variables of the log's options; NULL: not asked for */
	bool within[3];	     /* by stream: the last text had no newline */
	struct str out;
};

static int flush(void *arg, struct error *err)
{
	struct sending *sending = arg;
	int r = 0;

	if (sending->out.len > 0 && sending->raw)
		r = response_send(sending->response, sending->out.data, sending->out.len, err);
	else if (sending->out.len > 0)
		r = response_write(sending->response, sending->out.data, sending->out.len, err);
	str_clear(&sending->out);
	return r;
}

static int send_line(const struct log_line *line, void *arg, struct error *err)
{
	struct sending *sending = arg;
	unsigned char head[FRAME_HEAD_SIZE];
	char time[TIME_TEXT_SIZE];
	auto_str text = {0};

	if (!sending->wanted[line->stream])
		return 0;
	/* A long line of the container's is several records: its time stands at its beginning. */
	if (!sending->within[line->stream]) {
		if (sending->timestamps)
			str_append_format(&text, "%s ", time_format_fixed(line->time, time));
		if (sending->details)
			str_append_format(&text, "%s ", sending->details);
	}
	str_append_mem(&text, line->text, line->len);
	sending->within[line->stream] = line->len == 0 || line->text[line->len - 1] != '\n';
	frame_head(head, line->stream, text.len);
	if (sending->framed)
		str_append_mem(&sending->out, head, sizeof(head));
	str_append_mem(&sending->out, str_text(&text), text.len);
	return sending->out.len > OUT_MAX ? flush(sending, err) : 0;
}

int container_call_logs(struct call *call, const void *values, struct error *err)
{
	const struct container_logs_request *wanted = values;
	struct sending sending = {
		.response = &call->response,
		.wanted = {[LOG_STDOUT] = wanted->out, [LOG_STDERR] = wanted->err},
		.timestamps = wanted->timestamps,
		.details = wanted->details ? "" : NULL,
	};
	struct log_request request = {
		.since = wanted->since ? wanted->since : INT64_MIN,
		.until = wanted->until ? wanted->until : INT64_MAX,
		.tail = wanted->has_tail ? (int64_t)wanted->tail : -1,
		.follow = wanted->follow,
		.client = call->response.fd,
		.line = send_line,
		.pause = flush,
		.arg = &sending,
	};
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r < 0)
		return r;
	sending.framed = !container.config.tty;
	r = response_stream(&call->response, 200, frame_type(sending.framed, call->head.version),
			    err);
	if (r == 0 && !call->response.head)
		r = container_log_read(engine, &container, &request, err);
	str_release(&sending.out);
	return r < 0 ? r : response_end(&call->response, err);
}

int container_logs_replay(struct call *call, struct engine *engine,
			  const struct container *container, bool out, bool err_too,
			  struct error *err)
{
	struct sending sending = {
		.response = &call->response,
		.raw = true,
		.framed = !container->config.tty,
		.wanted = {[LOG_STDOUT] = out, [LOG_STDERR] = err_too},
	};
	struct log_request request = {
		.since = INT64_MIN,
		.until = INT64_MAX,
		.tail = -1,
		.client = -EBADF,
		.line = send_line,
		.pause = flush,
		.arg = &sending,
	};
	int r = container_log_read(engine, container, &request, err);

	str_release(&sending.out);
	return r;
}
