/*
 * Starting a container.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/attach.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/*
 * Starts a container that does not run; 0 also if it runs already. With @ret_attachment the caller
 * is attached from the first byte on, with @options, and must call attachment_run() next, which
 * does the cleanup at the end. On failure everything is as before.
 */
int container_start(struct engine *engine, struct container *container,
		    const struct attach_options *options, struct attachment *ret_attachment,
		    struct error *err) MUST_CHECK;

/* What a restart policy does: the same for one that has ended, unless somebody has decided
 * otherwise meanwhile. */
int container_start_again(struct engine *engine, struct container *container,
			  struct error *err) MUST_CHECK;

/* Create and start as one operation: killed or failed at any point, nothing of it stays. @ret must
 * outlive the attachment. */
int container_run(struct engine *engine, const struct container_config *config,
		  struct container *ret, const struct attach_options *options,
		  struct attachment *ret_attachment, struct strv *warnings,
		  struct error *err) MUST_CHECK;

/* The command line of a container's monitor. @layers, topmost first, are NULL for one that has its
 * root file system already. Internal to the engine. */
int container_monitor_arguments(struct engine *engine, const struct container *container,
				const struct strv *layers, struct strv *args,
				struct error *err) MUST_CHECK;
