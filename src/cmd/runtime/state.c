/* kist-runtime state: one container as JSON. */
#include "cmd/runtime/runtime.h"

#include "base/str.h"
#include "runtime/container.h"

#include <errno.h>
#include <stdio.h>

static int state(const struct invocation *invocation, void *values)
{
	struct runtime *runtime = invocation->context;
	auto_container container = {.dir_fd = -EBADF};
	auto_error err = {0};
	auto_str text = {0};
	int r;

	r = runtime_open(runtime, &err);
	if (r == 0)
		r = container_load(runtime->root_fd, invocation->operands[0], &container, &err);
	if (r < 0)
		return runtime_fail(&err, RUNTIME_FAILED);
	container_write_state(&container, container_status(&container), container.pid, 2, true,
			      &text);
	(void)printf("%s\n", str_text(&text));
	return 0;
}

const struct command command_state = {
	.name = "state",
	.usage = "CONTAINER",
	.summary = "Show the state of a container as JSON",
	.operands_min = 1,
	.operands_max = 1,
	.run = state,
};
