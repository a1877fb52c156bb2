#include "api/docker/container-change.h"

#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "codec/json-write.h"
#include "engine/container/pause.h"
#include "engine/container/rename.h"
#include "engine/container/update.h"

int container_call_rename(struct call *call, const void *values, struct error *err)
{
	const struct container_rename_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = container_rename(engine, &container, wanted->new_name ? wanted->new_name : "",
				     err);
	return r < 0 ? r : response_empty(&call->response, 204, err);
}

static int run_plain(struct call *call, const void *values,
		     int (*run)(struct engine *engine, struct container *container,
				struct error *err),
		     struct error *err)
{
	const struct container_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = run(engine, &container, err);
	return r < 0 ? r : response_empty(&call->response, 204, err);
}

int container_call_pause(struct call *call, const void *values, struct error *err)
{
	return run_plain(call, values, container_pause, err);
}

int container_call_unpause(struct call *call, const void *values, struct error *err)
{
	return run_plain(call, values, container_unpause, err);
}

int container_call_update(struct call *call, const void *values, struct error *err)
{
	const struct container_update_request *wanted = values;
	auto_container container = {0};
	auto_strv warnings = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = container_update(engine, &container, wanted->fields, &wanted->values, &warnings,
				     err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_write_strings(&w, "Warnings", strv_argv(&warnings));
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}
