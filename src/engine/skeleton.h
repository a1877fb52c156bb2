/*
 * The lowest layer of every container's root: an empty place for each mount that every container
 * is given (/proc, /sys, /dev, /etc/hosts, …).
 *
 * An image that has them hides it. For one that has not, the runtime would make them in the
 * container's own upper directory: seven files to create at each start, to remove at each end, and
 * to tell apart in a diff. Docker makes a layer per container for the same purpose.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"

/* The folder, made by whoever comes first; never changed afterwards. *@ret is its path, owned by
 * the caller. */
int skeleton_ensure(const struct engine *engine, char **ret, struct error *err) MUST_CHECK;
