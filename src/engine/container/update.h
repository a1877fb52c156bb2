/*
 * Changing the limits and the restart policy of a container, running or not.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"

enum update_field {
	UPDATE_MEMORY = 1 << 0,
	UPDATE_MEMORY_SWAP = 1 << 1,
	UPDATE_MEMORY_RESERVATION = 1 << 2,
	UPDATE_NANO_CPUS = 1 << 3,
	UPDATE_CPU_SHARES = 1 << 4,
	UPDATE_CPU_PERIOD = 1 << 5,
	UPDATE_CPU_QUOTA = 1 << 6,
	UPDATE_CPUSET_CPUS = 1 << 7,
	UPDATE_CPUSET_MEMS = 1 << 8,
	UPDATE_PIDS_LIMIT = 1 << 9,
	UPDATE_RESTART = 1 << 10,
};

/*
 * Takes the @fields (enum update_field) of @values into the container's configuration: first on
 * record, then in force by the runtime's `update`; if the kernel refuses, the record is as before.
 * Errors in Docker's words; ERROR_INVALID, ERROR_CONFLICT. Warnings are appended to @warnings.
 */
int container_update(struct engine *engine, struct container *container, unsigned fields,
		     const struct container_config *values, struct strv *warnings,
		     struct error *err) MUST_CHECK;
