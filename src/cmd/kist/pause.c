/*
 * kist pause, kist unpause: hold all processes of containers, let them go on.
 */
#include "engine/container/pause.h"
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"

#include <stddef.h>

static int pause_one(struct engine *engine, struct container *container, void *arg,
		     struct error *err)
{
	(void)arg;
	return container_pause(engine, container, err);
}

static int unpause_one(struct engine *engine, struct container *container, void *arg,
		       struct error *err)
{
	(void)arg;
	return container_unpause(engine, container, err);
}

static int run_pause(const struct invocation *invocation, void *values)
{
	(void)values;
	return containers_each(invocation, true, pause_one, NULL);
}

static int run_unpause(const struct invocation *invocation, void *values)
{
	(void)values;
	return containers_each(invocation, true, unpause_one, NULL);
}

const struct command command_pause = {
	.name = "pause",
	.usage = "CONTAINER [CONTAINER...]",
	.summary = "Pause all processes within one or more containers",
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run_pause,
};

const struct command command_unpause = {
	.name = "unpause",
	.usage = "CONTAINER [CONTAINER...]",
	.summary = "Unpause all processes within one or more containers",
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run_unpause,
};
