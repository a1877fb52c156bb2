/*
 * kist rename: another name for a container.
 */
#include "engine/container/rename.h"
#include "cmd/kist/kist.h"

static int run(const struct invocation *invocation, void *values)
{
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	auto_error err = {0};
	int r;

	(void)values;
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_find(&engine, invocation->operands[0], &container, &err);
	if (r == 0)
		r = container_rename(&engine, &container, invocation->operands[1], &err);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_rename = {
	.name = "rename",
	.usage = "CONTAINER NEW_NAME",
	.summary = "Rename a container",
	.operands_min = 2,
	.operands_max = 2,
	.run = run,
};
