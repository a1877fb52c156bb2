/*
 * The head of an HTTP/1.1 response, and the frames of its chunked body, as bytes.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* "Not Found"; "Unknown" for a status that we never send. */
const char *http1_status_text(unsigned status);

/* "HTTP/1.1 404 Not Found" and the line's end. */
void http1_status_line(struct str *out, unsigned status);
/* One header; line breaks in @value become blanks. */
void http1_header_line(struct str *out, const char *name, const char *value);
/* "Content-Length: 12" */
void http1_length_line(struct str *out, uint64_t length);
/* The empty line. */
void http1_head_finish(struct str *out);

/* Appends @data as one chunk; nothing for no data, which would be the end. */
void http1_chunk(struct str *out, const void *data, size_t len);
/* The last chunk, without trailers. */
void http1_chunk_end(struct str *out);
