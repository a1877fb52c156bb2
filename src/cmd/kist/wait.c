/*
 * kist wait: block until containers stop, then print their exit codes.
 */
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"
#include "engine/container/stop.h"

#include <stdio.h>

static int wait_one(struct engine *engine, struct container *container, void *arg,
		    struct error *err)
{
	int code, r;

	(void)arg;
	r = container_wait(engine, container, &code, err);
	if (r == 0)
		(void)printf("%d\n", code);
	(void)fflush(stdout);
	return r;
}

static int run(const struct invocation *invocation, void *values)
{
	(void)values;
	return containers_each(invocation, false, wait_one, NULL);
}

const struct command command_wait = {
	.name = "wait",
	.usage = "CONTAINER [CONTAINER...]",
	.summary = "Block until one or more containers stop, then print their exit codes",
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};
