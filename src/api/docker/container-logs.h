/*
 * GET /containers/{id}/logs, and the log that comes before what an attached client sees.
 */
#pragma once

#include "api/call.h"
#include "engine/container/container.h"

int container_call_logs(struct call *call, const void *values, struct error *err);

/* All of the log of @container so far, on the hijacked connection of @call. */
int container_logs_replay(struct call *call, struct engine *engine,
			  const struct container *container, bool out, bool err_too,
			  struct error *err) MUST_CHECK;
