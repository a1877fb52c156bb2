/*
 * How far the monitor is with the container's output, for one that has to go on after it was
 * killed: <bundle>/progress. Nothing of the output is lost then, and nothing is there twice.
 *
 * Theory of operation. What the container writes stays in its FIFO until it has arrived: the
 * monitor looks at it (tee), logs it, sends it, and only when those who must not miss anything have
 * taken it does it take it out of the FIFO. Before that it writes down here how long the log is and
 * how far each stream; behind it that the FIFO is emptied. So a new monitor cuts the log to the
 * length written down, and reads on: what was in the log beyond that is still in the FIFO. Between
 * the two records the FIFO may or may not have been emptied; then its beginning says so, by a hash.
 *
 * A line without its end is in no log yet, but out of the FIFO: it is written down as well.
 *
 * A record is one write within a page, so a kill leaves the old one or the new one. It says in
 * which of two places the texts are, and those of the new one are written before it.
 */
#pragma once

#include "base/macro.h"
#include "monitor/json-log.h"

#include <stddef.h>
#include <stdint.h>

struct progress_record {
	uint64_t log_end;     /* bytes */
	uint64_t position[2]; /* bytes of each stream that are done with */
	uint64_t hash;	      /* of what is being taken out of the FIFO */
	uint32_t taking;      /* so many bytes; 0: none */
	uint32_t stream;      /* ... of it, 1 or 2 */
	uint32_t place;	      /* of the texts: 0 or 1 */
	uint32_t partial[2];  /* their lengths */
	uint32_t check;
};

struct progress {
	int fd; /* owned; -EBADF: not kept */
	struct progress_record record;
};

/* A new one for a container whose output begins behind what is in @log. */
int progress_create(struct progress *progress, int bundle_fd,
		    const struct json_log *log) MUST_CHECK;
/* The one that is there. -EBADMSG: it is damaged. */
int progress_open(struct progress *progress, int bundle_fd) MUST_CHECK;
void progress_release(struct progress *progress);

/* @len bytes of @stream are logged and sent, and are going to be taken out of the FIFO. Best
 * effort: without room for it the worst is that what a killed monitor logged last is logged again.
 */
void progress_begin(struct progress *progress, const struct json_log *log, int stream,
		    uint64_t hash, size_t len);
/* They are. */
void progress_end(struct progress *progress);

/* Brings @log to where it was when @progress was written. */
int progress_restore(struct progress *progress, struct json_log *log) MUST_CHECK;

/* Of a piece of output: its end and its length tell it from another well enough. */
uint64_t progress_hash(const char *data, size_t len);
