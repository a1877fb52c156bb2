/*
 * The container that a request names, as every handler of /containers begins.
 */
#pragma once

#include "api/call.h"
#include "engine/container/container.h"

/* Opens the engine and finds the container called @name (NULL is refused). */
int call_container(struct call *call, const char *name, struct engine **ret_engine,
		   struct container *ret, struct error *err) MUST_CHECK;
