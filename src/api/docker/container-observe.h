/*
 * What a container does: GET /containers/{id}/top, /stats and /changes.
 */
#pragma once

#include "api/call.h"

int container_call_top(struct call *call, const void *values, struct error *err);
int container_call_stats(struct call *call, const void *values, struct error *err);
int container_call_changes(struct call *call, const void *values, struct error *err);
