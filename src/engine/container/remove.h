/*
 * Taking away what a container had: after its end (cleanup) or altogether (rm). One idempotent
 * code, used by `rm`, by the monitor's last act, by failed operations and by the recovery of dead
 * ones.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
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

/* The same for the owner of the monitor behind @monitor_fd, which has told the end: it may go as
 * soon as our intent is written down. The connection stays the caller's. */
int container_cleanup_as_owner(struct engine *engine, const char *id, int monitor_fd,
			       struct error *err) MUST_CHECK;

/* The same if nobody is at it already, and silently: for whoever comes across a container whose
 * monitor was killed. */
void container_tidy(struct engine *engine, const char *id);

/* Undoes what the operation that holds the intent of @id has done so far (see
 * container/operation.h), all of it or all since the start. Idempotent. */
int container_undo(struct engine *engine, const char *id, const char *text,
		   struct error *err) MUST_CHECK;

/* Once after a boot: removes what auto_remove containers left on the disk, and makes the files of
 * names again from the records. */
int container_sweep(struct engine *engine, struct error *err) MUST_CHECK;
