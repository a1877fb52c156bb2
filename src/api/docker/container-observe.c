#include "api/docker/container-observe.h"

#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "api/docker/document-stats.h"
#include "base/str.h"
#include "engine/container/diff.h"
#include "engine/container/stats.h"
#include "engine/container/top.h"

#include <errno.h>
#include <poll.h>

#define INTERVAL_MS 1000

int container_call_top(struct call *call, const void *values, struct error *err)
{
	const struct container_top_request *wanted = values;
	auto_container container = {0};
	auto_top top = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = container_top(engine, &container, &wanted->arguments, &top, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_write_strings(&w, "Titles", strv_argv(&top.titles));
	json_array_begin(&w, "Processes");
	for (size_t i = 0; i < top.count; i++)
		json_write_strings(&w, NULL, strv_argv(&top.rows[i]));
	json_end(&w);
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}

int container_call_changes(struct call *call, const void *values, struct error *err)
{
	const struct container_request *wanted = values;
	auto_container container = {0};
	struct change *changes = NULL;
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	size_t count = 0;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = container_diff(engine, &container, &changes, &count, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(&w, NULL);
		json_write_string(&w, "Path", changes[i].path);
		json_write_i64(&w, "Kind", changes[i].kind);
		json_end(&w);
	}
	json_end(&w);
	changes_free(changes, count);
	return response_json(&call->response, 200, &document, err);
}

/* ---- stats ---- */

struct sampling {
	struct engine *engine;
	struct container *container;
	struct container_stats before, now;
};

static void sampling_release(struct sampling *sampling)
{
	container_stats_release(&sampling->before);
	container_stats_release(&sampling->now);
}

static int take_sample(struct sampling *sampling, struct error *err)
{
	struct container_stats next;
	int r;

	r = container_refresh(sampling->engine, sampling->container, err);
	if (r == 0)
		r = container_stats_read(sampling->engine, sampling->container, &next, err);
	if (r < 0)
		return r;
	container_stats_release(&sampling->before);
	sampling->before = sampling->now;
	sampling->now = next;
	return 0;
}

static void write_sample(const struct sampling *sampling, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	document_stats(&w, sampling->container, &sampling->before, &sampling->now);
	str_append_char(out, '\n');
}

/* A second, or less if the client leaves: 0; 1: it has left. */
static int pause_for_client(int client)
{
	struct pollfd fds = {client, 0, 0};

	return poll(&fds, 1, INTERVAL_MS) > 0;
}

static int stream_samples(struct call *call, struct sampling *sampling, struct error *err)
{
	int r = response_stream(&call->response, 200, "application/json", err);

	while (r == 0) {
		auto_error why = {0};
		auto_str line = {0};

		write_sample(sampling, &line);
		r = response_write(&call->response, line.data, line.len, err);
		if (r < 0 || pause_for_client(call->response.fd))
			return r;
		r = take_sample(sampling, &why);
		/* Removed: the stream ends, which is no failure of it. */
		if (r < 0 && why.kind == ERROR_NOT_FOUND)
			return response_end(&call->response, err);
		if (r < 0)
			return error_move(err, &why);
	}
	return r;
}

int container_call_stats(struct call *call, const void *values, struct error *err)
{
	const struct container_stats_request *wanted = values;
	CLEANUP(sampling_release) struct sampling sampling = {0};
	auto_container container = {0};
	auto_str document = {0};
	int r;

	sampling.container = &container;
	r = call_container(call, wanted->name, &sampling.engine, &container, err);
	if (r == 0)
		r = take_sample(&sampling, err);
	if (r == 0 && wanted->stream)
		return stream_samples(call, &sampling, err);
	/* A rate needs two samples; whoever computes it himself says so. */
	if (r == 0 && !wanted->one_shot && sampling.now.time != 0 &&
	    !pause_for_client(call->response.fd))
		r = take_sample(&sampling, err);
	if (r < 0)
		return r;
	write_sample(&sampling, &document);
	return response_json(&call->response, 200, &document, err);
}
