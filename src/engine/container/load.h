/*
 * Containers by id, for the engine's own use: no name is looked up and nothing is tidied.
 * Implemented in container.c.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/* Record and state. 1, or 0 if there is no container of that id. */
int container_load(struct engine *engine, const char *id, struct container *ret,
		   struct error *err) MUST_CHECK;

/* The same, but if the record cannot be read, what is known without it (struct container, damage).
 * A shortage of memory or descriptors makes no damage: ERROR_EXHAUSTED. */
int container_load_any(struct engine *engine, const char *id, struct container *ret,
		       struct error *err) MUST_CHECK;

/* Ids that begin with @prefix and have a folder in dir or run, in order, each once. */
int container_ids(const struct engine *engine, const char *prefix, struct strv *ret,
		  struct error *err) MUST_CHECK;
