/*
 * Starting a container, and being connected to a running one.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

/* Descriptors of the one who is attached; -EBADF: not that stream. */
struct container_stdio {
	int in, out, err;
};

struct container_attachment {
	int fd;	    /* connection to the monitor, owned */
	bool owner; /* the monitor leaves the cleanup to us */
};

/*
 * Starts a container that does not run; 0 also if it runs already. With @ret_attachment the caller
 * is attached from the first byte on and must call container_attach_run() next; it then does the
 * cleanup at the end. On failure everything is as before.
 */
int container_start(struct engine *engine, struct container *container,
		    const struct container_stdio *stdio,
		    struct container_attachment *ret_attachment, struct error *err) MUST_CHECK;

/* Create and start as one operation: killed or failed at any point, nothing of it stays. */
int container_run(struct engine *engine, const struct container_config *config,
		  struct container *ret, const struct container_stdio *stdio,
		  struct container_attachment *ret_attachment, struct strv *warnings,
		  struct error *err) MUST_CHECK;

/* Attaches to a running container. ERROR_CONFLICT: it does not run. */
int container_attach(struct engine *engine, struct container *container,
		     const struct container_stdio *stdio, struct container_attachment *ret,
		     struct error *err) MUST_CHECK;

enum attach_flags {
	ATTACH_SIGNAL_PROXY = 1 << 0, /* our SIGINT, SIGTERM, … go to the container */
};

/*
 * Carries the streams until the container ends (or the connection does), then cleans up if we are
 * the owner. *@ret_code: exit code of the container, CONTAINER_EXIT_UNKNOWN if nobody knows it.
 */
int container_attach_run(struct engine *engine, struct container *container,
			 struct container_attachment *attachment,
			 const struct container_stdio *stdio, unsigned flags, int *ret_code,
			 struct error *err) MUST_CHECK;
