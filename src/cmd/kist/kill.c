/*
 * kist kill: send a signal to containers.
 */
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"
#include "engine/container/stop.h"

#include <signal.h>
#include <stddef.h>

struct kill_values {
	const char *signal;
};

static const struct option options[] = {
	{"signal", 's', OPTION_STRING, offsetof(struct kill_values, signal), "string",
	 "Signal to send to the container (default \"KILL\")"},
	{NULL},
};

static int kill_one(struct engine *engine, struct container *container, void *arg,
		    struct error *err)
{
	int r = container_kill(engine, container, *(const int *)arg, err);

	return r < 0 ? error_prefix(err, "cannot kill container: %s", container->name) : 0;
}

static int run(const struct invocation *invocation, void *arg)
{
	const struct kill_values *values = arg;
	auto_error err = {0};
	int signal = SIGKILL;

	if (values->signal && container_signal_parse(values->signal, &signal, &err) < 0)
		return kist_fail(&err);
	return containers_each(invocation, true, kill_one, &signal);
}

const struct command command_kill = {
	.name = "kill",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Kill one or more running containers",
	.options = options,
	.values_size = sizeof(struct kill_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};
