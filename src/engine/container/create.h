/*
 * Making a container: record, name, upper directory, volumes. Nothing runs yet.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/config.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "io/intent.h"

/*
 * Creates the container. Warnings for the user are appended to @warnings. On failure nothing is
 * left. The image must be there: ERROR_NOT_FOUND "No such image: x" otherwise; whoever wants it
 * pulled does that first (container_image_ensure). ERROR_CONFLICT: the name is taken.
 */
int container_create(struct engine *engine, const struct container_config *config,
		     struct container *ret, struct strv *warnings, struct error *err) MUST_CHECK;

/*
 * The same for a container that is started at once: the intent stays open, so that a failure or
 * death before its end takes everything back; the record says that it was started, and is not there
 * before container_record_publish().
 */
int container_create_begin(struct engine *engine, const struct container_config *config,
			   struct container *ret, struct intent *ret_intent, struct strv *warnings,
			   struct error *err) MUST_CHECK;

/* Makes the container known to others, for good unless it is auto_remove. */
int container_record_publish(struct engine *engine, const struct container *container,
			     struct error *err) MUST_CHECK;

/* Puts the record in place of the one there is; durable unless the container is auto_remove. */
int container_record_save(struct engine *engine, const struct container *container,
			  struct error *err) MUST_CHECK;
