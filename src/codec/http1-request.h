/*
 * The head of an HTTP/1.1 request (RFC 9112), read strictly.
 *
 * Where readers differ, requests are smuggled; so what RFC 9112 lets a server repair is refused:
 * bare line feeds, folded lines, blanks before a colon, a length given twice or beside chunks,
 * codings other than "chunked", more than one Host. No descriptors and no memory of its own: a head
 * is cut up in place, and every string of struct http1_request points into it.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_HEAD_MAX	  (64u << 10)
#define HTTP1_HEADERS_MAX 100

enum http1_method {
	HTTP1_GET,
	HTTP1_HEAD,
	HTTP1_POST,
	HTTP1_PUT,
	HTTP1_DELETE,
	HTTP1_OTHER, /* a well-formed method that nothing here serves */
};

enum http1_framing {
	HTTP1_NO_BODY,
	HTTP1_LENGTH,
	HTTP1_CHUNKED,
};

struct http1_header {
	char *name;  /* lower case */
	char *value; /* without blanks around it */
};

struct http1_request {
	enum http1_method method;
	char *target; /* origin form: begins with a slash */
	bool http10;
	struct http1_header headers[HTTP1_HEADERS_MAX];
	size_t header_count;

	enum http1_framing framing;
	uint64_t length; /* of the body, for HTTP1_LENGTH */
	bool keep_alive;
	bool expect_continue;
	bool upgrade; /* "Connection: upgrade" and "Upgrade: tcp" */
};

/* The length of the head with its last empty line, once it is among the @len bytes; else 0. Looks
 * at those behind @seen only: how many were there the last time. */
size_t http1_head_length(const char *data, size_t len, size_t seen) MUST_CHECK;

/*
 * Reads the head of @len bytes, as http1_head_length() gave it.
 *
 * 0; -EBADMSG: no request of HTTP/1 (400); -E2BIG: too many headers (431); -EPROTONOSUPPORT: of
 * another version of HTTP (505); -EOPNOTSUPP: a transfer coding or an expectation that we do not
 * have (501, 417).
 */
int http1_request_parse(char *head, size_t len, struct http1_request *ret) MUST_CHECK;

/* The value of the first header called @name (lower case), or NULL. */
const char *http1_request_header(const struct http1_request *request, const char *name);

/* "GET"; "-" for HTTP1_OTHER. */
const char *http1_method_name(enum http1_method method);
