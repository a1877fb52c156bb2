/*
 * /volumes: named folders that outlive containers.
 */
#pragma once

#include "api/call.h"

int volume_call_list(struct call *call, const void *values, struct error *err);
int volume_call_inspect(struct call *call, const void *values, struct error *err);
int volume_call_create(struct call *call, const void *values, struct error *err);
int volume_call_remove(struct call *call, const void *values, struct error *err);
