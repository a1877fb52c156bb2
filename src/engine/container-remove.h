/*
 * Taking away what a container had: after its end (cleanup) or altogether (rm). One idempotent
 * code, used by `rm`, by the monitor's last act, by failed operations and by the recovery of dead
 * ones.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

enum remove_flags {
	REMOVE_FORCE = 1 << 0,	 /* kill it first; no error if it does not exist */
	REMOVE_VOLUMES = 1 << 1, /* anonymous volumes too */
};

/* ERROR_CONFLICT in Docker's words while it runs, unless forced. */
int container_remove(struct engine *engine, struct container *container, unsigned flags,
		     struct error *err) MUST_CHECK;

/* After the end of the process: runtime's state, network, run folder; and the whole container if it
 * was created with auto_remove. 0 if there is nothing to do. */
int container_cleanup(struct engine *engine, const char *id, struct error *err) MUST_CHECK;

/* Undoes the dead operation whose intent is "container-<id>" with @text; for engine_open(). */
int container_recover(struct engine *engine, const char *id, const char *text,
		      struct error *err) MUST_CHECK;
