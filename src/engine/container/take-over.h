/*
 * A new monitor for a container that lives without one: its own was killed. Internal to the engine.
 *
 * The next command that comes across such a container starts it, or a client whose connection to
 * the old one broke. One of them, that is: it is an operation on the container like any other.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/attach.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "monitor/wire.h"

/* Whether a monitor is missing. */
bool container_is_unwatched(const struct container *container);

/*
 * 1: there is a new one; 0: none is missing (any more), or somebody else is at it. @container is
 * looked at again. With @ret_fd the caller becomes its owner, attached with @options, and gets no
 * output again that it @has.
 */
int container_take_over(struct engine *engine, struct container *container,
			const struct attach_options *options, const struct wire_position *has,
			int *ret_fd, struct error *err) MUST_CHECK;

/* The connection of @attachment broke without a word. True: it has another one, to a monitor that
 * took over; otherwise its container, looked at again, is what is known. */
bool container_attach_again(struct engine *engine, struct attachment *attachment,
			    const struct attach_options *options, const struct wire_position *has);
