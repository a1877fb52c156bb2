/*
 * Reading the events: those that were, then those that come.
 *
 * A stream survives the rotation of the log: it reads what it has open to the end before it goes on
 * with the next file, and goes on looking at the file before the current one, where a writer that
 * was held up may still append.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"
#include "engine/event.h"

#include <stdint.h>

struct event_stream;

/* From @since (wall clock, ns; 0: only what happens from now on) on. Owned by the caller. */
int event_stream_open(const struct engine *engine, int64_t since, struct event_stream **ret,
		      struct error *err) MUST_CHECK;
/* The next event: 1, or 0 if there is none yet. */
int event_stream_next(struct event_stream *stream, struct event *ret, struct error *err) MUST_CHECK;
/* Readable (poll) when there may be more; then call event_stream_next until it gives 0. Poll with a
 * time limit of EVENT_POLL_MS at most: where inotify is refused there is no other way, and the
 * descriptor is -EBADF. */
int event_stream_fd(const struct event_stream *stream);
void event_stream_free(struct event_stream *stream);
void event_stream_freep(struct event_stream **stream);
#define auto_event_stream CLEANUP(event_stream_freep) struct event_stream

#define EVENT_POLL_MS	  1000
