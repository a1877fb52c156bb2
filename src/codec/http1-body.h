/*
 * The body of an HTTP/1.1 message (RFC 9112, section 6 and 7), cut out of the bytes as they come.
 *
 * Chunk sizes have at most 15 digits, extensions and trailers are bounded and passed over. What
 * follows the body is never touched.
 */
#pragma once

#include "base/macro.h"
#include "codec/http1-request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_EXTENSION_MAX 256
#define HTTP1_TRAILERS_MAX  8192

enum http1_body_state {
	HTTP1_BODY_DATA,
	HTTP1_BODY_DATA_CR, /* behind the data of a chunk */
	HTTP1_BODY_DATA_LF,
	HTTP1_BODY_SIZE,
	HTTP1_BODY_EXTENSION,
	HTTP1_BODY_SIZE_LF,
	HTTP1_BODY_TRAILER_START, /* of a line */
	HTTP1_BODY_TRAILER,
	HTTP1_BODY_TRAILER_LF,
	HTTP1_BODY_LAST_LF,
	HTTP1_BODY_END,
};

struct http1_body {
	enum http1_body_state state;
	bool chunked;
	uint64_t left;	 /* of the data, or the size as read so far */
	unsigned digits; /* of the size */
	size_t passed;	 /* bytes of extension or trailers */
};

void http1_body_init(struct http1_body *body, enum http1_framing framing, uint64_t length);

/* Whether all of it has come. */
bool http1_body_complete(const struct http1_body *body);

/*
 * Takes bytes from *@data, *@len (moved forward). 1: *@ret, *@ret_len is a piece of the body, which
 * points into the bytes given; 0: all bytes are taken, or the body is complete; -EBADMSG.
 */
int http1_body_next(struct http1_body *body, const char **data, size_t *len, const char **ret,
		    size_t *ret_len) MUST_CHECK;
