#include "api/docker/container.h"

#include "api/docker/container-filter.h"
#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "api/docker/document.h"
#include "api/docker/since.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container/attach.h"
#include "engine/container/create.h"
#include "engine/container/remove.h"
#include "engine/container/start.h"
#include "engine/container/stop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

/* What `before` and `since` name: only containers made before or after that one. */
struct bounds {
	int64_t before, since;
};

static int read_bound(struct engine *engine, const char *name, int64_t *ret, struct error *err)
{
	auto_container container = {0};
	int r = container_find(engine, name, &container, err);

	if (r == 0)
		*ret = container.created;
	return r;
}

/* Takes those two out of the filters, whose others look at one container alone. */
static int split_filters(struct engine *engine, const struct strv *filters, struct strv *ret,
			 struct bounds *bounds, struct error *err)
{
	int r = 0;

	*bounds = (struct bounds) {INT64_MAX, INT64_MIN};
	for (size_t i = 0; r == 0 && i < filters->n; i++) {
		const char *filter = filters->v[i];

		if (str_starts(filter, "before="))
			r = read_bound(engine, strchr(filter, '=') + 1, &bounds->before, err);
		else if (str_starts(filter, "since="))
			r = read_bound(engine, strchr(filter, '=') + 1, &bounds->since, err);
		else
			strv_add(ret, filter);
	}
	return r < 0 ? r : filter_check(container_filters, ret, err);
}

static void write_list(struct json_writer *w, const struct container_list_request *wanted,
		       const struct strv *filters, const struct bounds *bounds,
		       const struct engine *engine, const struct container *list, size_t count)
{
	bool all = wanted->all || wanted->limit > 0 || filter_has(filters, "status") ||
		   filter_has(filters, "exited");
	uint64_t limit = wanted->limit > 0 ? (uint64_t)wanted->limit : UINT64_MAX;

	json_array_begin(w, NULL);
	for (size_t i = 0; i < count && limit > 0; i++) {
		const struct container *container = &list[i];

		if (container->damage || (!all && container->state != CONTAINER_RUNNING) ||
		    container->created >= bounds->before || container->created <= bounds->since ||
		    !filter_matches(container_filters, filters, container))
			continue;
		document_container_row(w, engine, container, NULL);
		limit--;
	}
	json_end(w);
}

int container_call_list(struct call *call, const void *values, struct error *err)
{
	const struct container_list_request *wanted = values;
	struct container *list = NULL;
	auto_str document = {0};
	auto_strv filters = {0};
	struct engine *engine;
	struct bounds bounds = {0};
	struct json_writer w;
	size_t count = 0;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0)
		r = split_filters(engine, &wanted->filters, &filters, &bounds, err);
	if (r == 0)
		r = container_list(engine, &list, &count, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	write_list(&w, wanted, &filters, &bounds, engine, list, count);
	container_list_free(list, count);
	return response_json(&call->response, 200, &document, err);
}

int container_call_inspect(struct call *call, const void *values, struct error *err)
{
	const struct container_inspect_request *wanted = values;
	auto_container container = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	document_container(&w, engine, &container);
	return response_json(&call->response, 200, &document, err);
}

/* ---- life ---- */

int container_call_create(struct call *call, const void *values, struct error *err)
{
	auto_container container = {0};
	auto_strv warnings = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0)
		r = container_create(engine, values, &container, &warnings, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "Id", container.id);
	json_write_strings(&w, "Warnings", strv_argv(&warnings));
	json_end(&w);
	return response_json(&call->response, 201, &document, err);
}

/* What a client waits for with --rm must come to pass even where the start fails. */
static void remove_unstarted(struct engine *engine, struct container *container)
{
	if (container->config.auto_remove && container_refresh(engine, container, NULL) == 0 &&
	    container->state != CONTAINER_RUNNING)
		(void)!container_remove(engine, container, REMOVE_VOLUMES, NULL);
}

int container_call_start(struct call *call, const void *values, struct error *err)
{
	const struct container_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r < 0)
		return r;
	if (container.paused)
		return error_set(err, ERROR_CONFLICT,
				 "cannot start a paused container, try unpause instead");
	if (container.state == CONTAINER_RUNNING)
		return response_empty(&call->response, 304, err);
	r = container_start(engine, &container, NULL, NULL, err);
	if (r < 0) {
		remove_unstarted(engine, &container);
		return r;
	}
	return response_empty(&call->response, 204, err);
}

static int read_signal(const char *text, int absent, int *ret, struct error *err)
{
	*ret = absent;
	return text && *text ? container_signal_parse(text, ret, err) : 0;
}

static int stop(struct engine *engine, struct container *container,
		const struct container_stop_request *wanted, struct error *err)
{
	int timeout = -1, signal;
	int r = read_signal(wanted->signal, 0, &signal, err);

	/* The engine has -1 for the container's own; for ever is longer than anybody waits. */
	if (wanted->has_timeout)
		timeout = wanted->timeout < 0 ? INT32_MAX : (int)wanted->timeout;
	return r < 0 ? r : container_stop(engine, container, signal, timeout, err);
}

int container_call_stop(struct call *call, const void *values, struct error *err)
{
	const struct container_stop_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	bool running;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r < 0)
		return r;
	running = container.state == CONTAINER_RUNNING || container.restarting;
	r = stop(engine, &container, wanted, err);
	return r < 0 ? r : response_empty(&call->response, running ? 204 : 304, err);
}

int container_call_restart(struct call *call, const void *values, struct error *err)
{
	const struct container_stop_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = stop(engine, &container, wanted, err);
	if (r == 0)
		r = container_start(engine, &container, NULL, NULL, err);
	return r < 0 ? r : response_empty(&call->response, 204, err);
}

int container_call_kill(struct call *call, const void *values, struct error *err)
{
	const struct container_kill_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r, signal;

	r = read_signal(wanted->signal, SIGKILL, &signal, err);
	if (r == 0)
		r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = container_kill(engine, &container, signal, err);
	if (r < 0)
		return error_prefix(err, "cannot kill container: %s",
				    wanted->name ? wanted->name : "");
	return response_empty(&call->response, 204, err);
}

int container_call_remove(struct call *call, const void *values, struct error *err)
{
	const struct container_remove_request *wanted = values;
	unsigned flags =
		(wanted->force ? REMOVE_FORCE : 0) | (wanted->volumes ? REMOVE_VOLUMES : 0);
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0)
		r = container_find_any(engine, wanted->name ? wanted->name : "", &container, err);
	if (r == 0)
		r = container_remove(engine, &container, flags, err);
	return r < 0 ? r : response_empty(&call->response, 204, err);
}

int container_call_resize(struct call *call, const void *values, struct error *err)
{
	const struct container_resize_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = container_resize(engine, &container, wanted->rows, wanted->columns, err);
	return r < 0 ? r : response_empty(&call->response, 200, err);
}

/* ---- prune ---- */

static bool match_label(const void *object, const char *value)
{
	return filter_label(&((const struct container *)object)->config.labels, value);
}

static bool match_not_label(const void *object, const char *value)
{
	return !match_label(object, value);
}

static bool match_until(const void *object, const char *value)
{
	int64_t time;

	return since_parse(value, time_now(), &time) == 0 &&
	       ((const struct container *)object)->created < time;
}

static int check_until(const char *value, struct error *err)
{
	int64_t time;

	if (since_parse(value, time_now(), &time) < 0)
		return error_set(err, ERROR_INVALID, "invalid filter 'until=%s'", value);
	return 0;
}

static const struct filter prune_filters[] = {
	{"label", match_label, NULL, true},
	{"label!", match_not_label, NULL, true},
	{"until", match_until, check_until, true},
	{NULL},
};

static int prune(struct engine *engine, const struct strv *filters, struct strv *ret,
		 struct error *err)
{
	struct container *list;
	size_t count;
	int r = container_list(engine, &list, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		auto_error why = {0};

		if (list[i].damage || list[i].state == CONTAINER_RUNNING || list[i].restarting ||
		    !filter_matches(prune_filters, filters, &list[i]))
			continue;
		r = container_remove(engine, &list[i], 0, &why);
		/* Somebody was faster, or has started it. */
		if (r == 0)
			strv_add(ret, list[i].id);
		else if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_CONFLICT)
			r = 0;
		else
			r = error_move(err, &why);
	}
	container_list_free(list, count);
	return r;
}

int container_call_prune(struct call *call, const void *values, struct error *err)
{
	const struct container_prune_request *wanted = values;
	auto_strv removed = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = filter_check(prune_filters, &wanted->filters, err);
	if (r == 0)
		r = call_engine(call, &engine, err);
	if (r == 0)
		r = prune(engine, &wanted->filters, &removed, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	document_list(&w, "ContainersDeleted", &removed);
	/* How much it was nobody has counted: that would cost more than the removal. */
	json_write_u64(&w, "SpaceReclaimed", 0);
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}
