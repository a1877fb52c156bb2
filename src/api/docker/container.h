/*
 * /containers: what is answered with a document, or with nothing. Streams have files of their own.
 */
#pragma once

#include "api/call.h"

int container_call_list(struct call *call, const void *values, struct error *err);
int container_call_inspect(struct call *call, const void *values, struct error *err);
int container_call_create(struct call *call, const void *values, struct error *err);
int container_call_start(struct call *call, const void *values, struct error *err);
int container_call_stop(struct call *call, const void *values, struct error *err);
int container_call_restart(struct call *call, const void *values, struct error *err);
int container_call_kill(struct call *call, const void *values, struct error *err);
int container_call_remove(struct call *call, const void *values, struct error *err);
int container_call_resize(struct call *call, const void *values, struct error *err);
int container_call_prune(struct call *call, const void *values, struct error *err);
