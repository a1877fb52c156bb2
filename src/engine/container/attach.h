/*
 * Attaching to a container's own process (engine/attach.h): one that runs, or one that is going to.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/attach.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "monitor/client.h"

/* To a running container. ERROR_CONFLICT: it does not run. @container must outlive the attachment.
 */
int container_attach(struct engine *engine, struct container *container,
		     const struct attach_options *options, struct attachment *ret,
		     struct error *err) MUST_CHECK;

/*
 * To the next run of a container that does not run: when this returns, whoever starts it, from
 * whichever process, connects us, and we miss no byte. attachment_run() waits for that. As
 * container_attach() if it runs already.
 */
int container_attach_next(struct engine *engine, struct container *container,
			  const struct attach_options *options, struct attachment *ret,
			  struct error *err) MUST_CHECK;

/* The size of its terminal. ERROR_CONFLICT: it does not run, or has none. */
int container_resize(struct engine *engine, const struct container *container, unsigned rows,
		     unsigned columns, struct error *err) MUST_CHECK;

/*
 * Internal to the engine, from here on.
 *
 * Theory of operation of attaching to the next run. Who waits listens on the socket
 * <run>/attach/<container>/<mask>-<random>. Who starts the container makes a pair of sockets for
 * each, says on one what the mask asks for, sends that one to the waiting process, and gives the
 * other to the monitor (--peer-fd) before the container's process exists. Nobody waits for anybody,
 * and a socket whose owner is dead is just removed.
 */

#define CONTAINER_WAITING_MAX 8

/* Waits until the container is started: 1; 0: the client is gone. */
int container_attach_await(struct engine *engine, struct attachment *attachment,
			   const struct attach_options *options, struct error *err) MUST_CHECK;

/* Connects those who wait. Their monitor's ends, owned by the caller; returns their number. */
size_t container_attach_collect(struct engine *engine, const char *id,
				int ret[CONTAINER_WAITING_MAX]);

/* With the container: nobody can wait for it any more. */
void container_attach_forget(struct engine *engine, const char *id);

/* Sends a size to the monitor or keeper of @bundle. */
int attach_resize(const char *bundle, unsigned rows, unsigned columns,
		  struct error *err) MUST_CHECK;
