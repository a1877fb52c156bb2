/* kist-runtime kill: signal a container's process, or all of them. */
#include "cmd/runtime/runtime.h"

#include "runtime/lifecycle.h"

struct kill_values {
	bool all;
};

static const struct option options[] = {
	{"all", 'a', OPTION_BOOL, offsetof(struct kill_values, all), NULL,
	 "Signal all processes in the container"},
	{NULL},
};

static int kill_container(const struct invocation *invocation, void *values)
{
	const char *name = invocation->operand_count > 1 ? invocation->operands[1] : "SIGTERM";
	const struct kill_values *kill_values = values;
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	int signal, r;

	signal = lifecycle_parse_signal(name);
	if (signal < 0)
		r = error_set(&err, ERROR_INVALID, "unknown signal \"%s\"", name);
	else
		r = runtime_open(runtime, &err);
	if (r == 0)
		r = lifecycle_kill(runtime->root_fd, invocation->operands[0], signal,
				   kill_values->all, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_kill = {
	.name = "kill",
	.usage = "[OPTIONS] CONTAINER [SIGNAL]",
	.summary = "Send a signal to a container (default SIGTERM)",
	.options = options,
	.values_size = sizeof(struct kill_values),
	.operands_min = 1,
	.operands_max = 2,
	.run = kill_container,
};
