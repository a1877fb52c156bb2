/* kist-runtime pause and resume: hold all processes of a container, and let them go on. */
#include "cmd/runtime/runtime.h"

#include "runtime/lifecycle.h"

static int change(const struct invocation *invocation, bool pause)
{
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	int r;

	r = runtime_open(runtime, &err);
	if (r == 0)
		r = lifecycle_pause(runtime->root_fd, invocation->operands[0], pause, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

static int pause_container(const struct invocation *invocation, void *values)
{
	return change(invocation, true);
}

static int resume_container(const struct invocation *invocation, void *values)
{
	return change(invocation, false);
}

const struct command command_pause = {
	.name = "pause",
	.usage = "CONTAINER",
	.summary = "Hold all processes of a container",
	.operands_min = 1,
	.operands_max = 1,
	.run = pause_container,
};

const struct command command_resume = {
	.name = "resume",
	.usage = "CONTAINER",
	.summary = "Let the processes of a paused container go on",
	.operands_min = 1,
	.operands_max = 1,
	.run = resume_container,
};
