/*
 * Reading what a container has written: its log, and what is added to it while it runs.
 *
 * Theory of operation. The monitor appends to the log and is the only one who knows when the last
 * byte of a container is in it: it says WIRE_EXITED after that. To follow, we connect to it first,
 * read what there is, and then wait for the file to change (inotify) or for the monitor. After the
 * monitor's word, or its death, what is left is read once more and we are done. A container without
 * a monitor does not run: reading once is all.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/log-line.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct log_request {
	int64_t since, until; /* wall clock, ns; INT64_MIN, INT64_MAX: no bound */
	int64_t tail;	      /* lines from the end; -1: all */
	bool follow;	      /* until the container ends */
	int client;	      /* a socket whose hang-up ends the following; -EBADF: none */

	/* Takes one line; negative: no more is wanted, which is no failure of the reader's. */
	int (*line)(const struct log_line *line, void *arg, struct error *err);
	/* All that there is now has been given; may be NULL. */
	int (*pause)(void *arg, struct error *err);
	void *arg;
};

/* A container that was never started has an empty log. */
int container_log_read(struct engine *engine, const struct container *container,
		       const struct log_request *request, struct error *err) MUST_CHECK;
