/*
 * Files of containers: HEAD, GET and PUT /containers/{id}/archive, GET /containers/{id}/export.
 */
#pragma once

#include "api/call.h"

int container_call_stat(struct call *call, const void *values, struct error *err);
int container_call_get(struct call *call, const void *values, struct error *err);
int container_call_put(struct call *call, const void *values, struct error *err);
int container_call_export(struct call *call, const void *values, struct error *err);
