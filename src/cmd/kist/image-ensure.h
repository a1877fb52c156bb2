/*
 * The image of a container about to be made: there, or pulled now, as --pull says.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/config.h"
#include "engine/engine.h"

/* ERROR_NOT_FOUND "No such image: x" under --pull never; otherwise what the pull says. */
int image_ensure(struct engine *engine, const struct container_config *config,
		 struct error *err) MUST_CHECK;
