/* kist-runtime start: let the process of a created container go. */
#include "cmd/runtime/runtime.h"

#include "runtime/launch.h"

static int start(const struct invocation *invocation, void *values)
{
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	int r;

	r = runtime_open(runtime, &err);
	if (r == 0)
		r = launch_start(runtime->root_fd, invocation->operands[0], runtime_warn, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_start = {
	.name = "start",
	.usage = "CONTAINER",
	.summary = "Start the process of a created container",
	.operands_min = 1,
	.operands_max = 1,
	.run = start,
};
