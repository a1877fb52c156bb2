/*
 * Ending a container's process, and waiting for its end.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/*
 * Sends the stop signal, after the timeout SIGKILL, and returns when the process has ended. 0 also
 * if it did not run. @signal 0 and @timeout_s -1: what the container was created with; 0: kill at
 * once.
 */
int container_stop(struct engine *engine, struct container *container, int signal, int timeout_s,
		   struct error *err) MUST_CHECK;

/* ERROR_CONFLICT "container <id> is not running". SIGKILL goes to every process of its. */
int container_kill(struct engine *engine, struct container *container, int signal,
		   struct error *err) MUST_CHECK;

/* Waits until the container does not run; *@ret_code as in struct container. A container that has
 * not been started is waited for too, as Docker does with "next-exit". */
int container_wait(struct engine *engine, struct container *container, int *ret_code,
		   struct error *err) MUST_CHECK;
