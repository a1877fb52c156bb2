/*
 * A container whose record cannot be read: what the folders alone say of it, so that it can be
 * named, killed and removed. Internal to the engine.
 */
#pragma once

#include "base/error.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/*
 * Fills in id, name, state, auto_remove, cgroup_parent and @why (taken over) as damage. The name is
 * the one that is reserved for it, else the short id. What the record alone knows is lost: its
 * anonymous volumes stay.
 */
int container_damaged_read(struct engine *engine, const char *id, struct error *why,
			   struct container *ret, struct error *err) MUST_CHECK;
