#include "api/docker/container-change.h"

#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "engine/container-pause.h"
#include "engine/container-rename.h"

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
