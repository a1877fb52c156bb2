/*
 * Blobs on their way from a registry into pipes, several side by side. For the fetch worker.
 *
 * A connection that breaks is made again and asked for the rest; a registry that sends everything
 * again instead has the beginning skipped. What arrives is counted here and hashed by the reader of
 * the pipe. A reader that closes its end ends the transfer without an error: it knows why.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/http-fetch.h"
#include "registry/session.h"

#include <stdbool.h>
#include <stdint.h>

struct transfer;

/* Starts to fetch @size bytes of the blob @digest into @fd, which the transfer owns from now on,
 * also after an error, and makes non-blocking. */
int transfer_start(struct session *session, const char *digest, uint64_t size, int fd,
		   struct transfer **ret, struct error *err) MUST_CHECK;
void transfer_free(struct transfer *transfer);

/* Fills in what to wait for beside the exchanges. */
void transfer_wait(const struct transfer *transfer, struct http_wait *ret);
/* How long to wait at most, in ms; -1: no matter. */
int transfer_timeout(const struct transfer *transfer);
/* To be called after every http_step. 1: all bytes are in the pipe, or nobody wants them; 0: not
 * yet. ERROR_CORRUPT (more, fewer), ERROR_UNAVAILABLE, ERROR_NOT_FOUND, ERROR_DENIED. */
int transfer_advance(struct transfer *transfer, struct error *err) MUST_CHECK;
