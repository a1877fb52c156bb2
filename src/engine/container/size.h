/*
 * What a container takes on the disk.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stdint.h>

/* Bytes of the files that it has written or changed, each file once, as Docker counts them. Reads
 * its whole upper directory. */
int container_size(struct engine *engine, const struct container *container, uint64_t *ret,
		   struct error *err) MUST_CHECK;
