/*
 * Another name for a container, running or not.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/*
 * The new name is reserved before the old one is given back, and the record decides which of the
 * two it is when this is killed in between: the container is never without a name, and never has
 * two for longer than until the next command. @container is updated. Errors in Docker's words:
 * ERROR_CONFLICT (taken), ERROR_INVALID (no name, or the one it has).
 */
int container_rename(struct engine *engine, struct container *container, const char *name,
		     struct error *err) MUST_CHECK;
