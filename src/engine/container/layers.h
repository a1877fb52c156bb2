/*
 * What lies below the upper directory of a container: its image's layers, and the places of the
 * mounts that every container gets.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/* Absolute paths, topmost first. ERROR_NOT_FOUND: the image is gone. */
int container_layers(struct engine *engine, const struct container *container, struct strv *ret,
		     struct error *err) MUST_CHECK;
