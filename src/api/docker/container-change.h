/*
 * /containers/{id}: rename, pause, unpause, update.
 */
#pragma once

#include "api/call.h"

int container_call_rename(struct call *call, const void *values, struct error *err);
int container_call_pause(struct call *call, const void *values, struct error *err);
int container_call_unpause(struct call *call, const void *values, struct error *err);
int container_call_update(struct call *call, const void *values, struct error *err);
