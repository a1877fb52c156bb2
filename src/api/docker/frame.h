/*
 * Docker's streams: standard output and error on one connection.
 *
 * A container without a terminal has both, so each piece has a head of eight bytes: the stream (1,
 * 2), three zeros, the length in network order. A terminal is one stream, and is sent as it is.
 */
#pragma once

#include "api/response.h"
#include "base/error.h"
#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

#define FRAME_HEAD_SIZE 8

/* Writes the head of a piece. */
void frame_head(unsigned char head[FRAME_HEAD_SIZE], int stream, size_t len);

/* What the answer is called: "application/vnd.docker.multiplexed-stream" or "…raw-stream", which is
 * what API versions before 1.42 call both. */
const char *frame_type(bool framed, unsigned version);

/* Sends a piece on a hijacked connection. */
int frame_send(struct response *response, bool framed, int stream, const void *data, size_t len,
	       struct error *err) MUST_CHECK;
