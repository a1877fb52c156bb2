/*
 * Frames from a client, cut out of a byte stream as it comes in.
 *
 * Only WIRE_INPUT may be long; its data are handed on in pieces as they arrive, so a connection
 * costs no buffer. All other frames from a client have an exact length (monitor/wire.h), and
 * anything else ends the connection.
 */
#pragma once

#include "base/macro.h"
#include "monitor/wire.h"

#include <stddef.h>

struct wire_reader {
	/* Header, and what belongs to WIRE_ATTACH, WIRE_RESIZE, WIRE_RESUME. */
	unsigned char head[sizeof(struct wire_header) + sizeof(struct wire_position)];
	size_t have;   /* bytes in head */
	uint32_t left; /* bytes of WIRE_INPUT still to come */
};

struct wire_piece {
	enum wire_type type;
	unsigned char mask;	       /* WIRE_ATTACH: enum wire_attach, not empty */
	struct wire_size size;	       /* WIRE_RESIZE */
	struct wire_position position; /* WIRE_RESUME */
	/* WIRE_INPUT: points into the bytes given; len 0 is the end of the input. */
	const char *data;
	size_t len;
};

/*
 * Takes bytes from *@data, *@len (moved forward). Returns 1 with a piece in *@ret, 0 when all bytes
 * are taken and no piece is complete, -EBADMSG when a client may not say this.
 */
int wire_reader_next(struct wire_reader *reader, const char **data, size_t *len,
		     struct wire_piece *ret) MUST_CHECK;
