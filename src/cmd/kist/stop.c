/*
 * kist stop, kist restart: end containers, and start them again.
 */
#include "engine/container/stop.h"
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"
#include "engine/container/start.h"

#include <stddef.h>

struct stop_values {
	const char *signal, *time;
};

struct stop {
	int signal, timeout;
};

static const struct option options[] = {
	{"signal", 's', OPTION_STRING, offsetof(struct stop_values, signal), "string",
	 "Signal to send to the container"},
	{"timeout", 't', OPTION_STRING, offsetof(struct stop_values, time), "int",
	 "Seconds to wait before killing the container"},
	{"time", 0, OPTION_STRING, offsetof(struct stop_values, time), "int",
	 "The same as --timeout"},
	{NULL},
};

static int stop_one(struct engine *engine, struct container *container, void *arg,
		    struct error *err)
{
	const struct stop *stop = arg;

	return container_stop(engine, container, stop->signal, stop->timeout, err);
}

static int restart_one(struct engine *engine, struct container *container, void *arg,
		       struct error *err)
{
	int r = stop_one(engine, container, arg, err);

	return r < 0 ? r : container_start(engine, container, NULL, NULL, err);
}

static int parse(const struct stop_values *values, struct stop *ret, struct error *err)
{
	*ret = (struct stop) {.timeout = -1};
	if (values->signal) {
		int r = container_signal_parse(values->signal, &ret->signal, err);

		if (r < 0)
			return r;
	}
	return seconds_parse(values->time, "-t, --timeout", &ret->timeout, err);
}

static int run_stop(const struct invocation *invocation, void *values)
{
	auto_error err = {0};
	struct stop stop;

	if (parse(values, &stop, &err) < 0)
		return kist_fail(&err);
	return containers_each(invocation, true, stop_one, &stop);
}

static int run_restart(const struct invocation *invocation, void *values)
{
	auto_error err = {0};
	struct stop stop;

	if (parse(values, &stop, &err) < 0)
		return kist_fail(&err);
	return containers_each(invocation, true, restart_one, &stop);
}

const struct command command_stop = {
	.name = "stop",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop one or more running containers",
	.options = options,
	.values_size = sizeof(struct stop_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run_stop,
};

const struct command command_restart = {
	.name = "restart",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Restart one or more containers",
	.options = options,
	.values_size = sizeof(struct stop_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run_restart,
};
