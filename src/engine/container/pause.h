/*
 * Holding all processes of a container, and letting them go on: the runtime's pause and resume
 * (the freezer of cgroup v1, cgroup.freeze of v2).
 *
 * struct container's paused says whether it is. The run folder's file "paused" says that we paused
 * it; whether it is so, the kernel.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/* ERROR_CONFLICT "Container x is not running", "Container x is already paused". */
int container_pause(struct engine *engine, struct container *container,
		    struct error *err) MUST_CHECK;
/* ERROR_CONFLICT "Container x is not paused". */
int container_unpause(struct engine *engine, struct container *container,
		      struct error *err) MUST_CHECK;
