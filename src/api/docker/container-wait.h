/*
 * POST /containers/{id}/wait: the exit code of a container, once it has ended.
 */
#pragma once

#include "api/call.h"

int container_call_wait(struct call *call, const void *values, struct error *err);
