/*
 * /containers/{id}/exec and /exec: processes in running containers.
 */
#pragma once

#include "api/call.h"

int exec_call_create(struct call *call, const void *values, struct error *err);
int exec_call_start(struct call *call, const void *values, struct error *err);
int exec_call_inspect(struct call *call, const void *values, struct error *err);
int exec_call_resize(struct call *call, const void *values, struct error *err);
