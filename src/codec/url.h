/*
 * Absolute http and https URLs (RFC 3986), read strictly, for origins that secrets belong to.
 *
 * Only printable ASCII is accepted, no user information, no fragment; host names are lower-cased;
 * a host whose last label is a number must be four plain decimal bytes, because resolvers read
 * "127.1", "0x7f.0.0.1" and "2130706433" as addresses that no comparison would recognise.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_MAX	     8192
#define URL_HOST_MAX 253

enum url_host {
	URL_HOST_NAME,
	URL_HOST_IPV4,
	URL_HOST_IPV6,
};

struct url {
	bool https;
	enum url_host kind;
	char *host; /* an IPv6 address is without brackets */
	uint16_t port;
	char *target; /* path and query; begins with a slash */
};

/* 0 or -EINVAL. */
int url_parse(const char *text, struct url *ret) MUST_CHECK;
/* What @text (of a Location header) means in answer to a request for @base. 0 or -EINVAL. */
int url_resolve(const struct url *base, const char *text, struct url *ret) MUST_CHECK;
/* "host[:port]" as in image references, with @https deciding the default port. 0 or -EINVAL. */
int url_from_authority(const char *authority, bool https, struct url *ret) MUST_CHECK;
void url_copy(const struct url *url, struct url *ret);
void url_release(struct url *url);
#define auto_url CLEANUP(url_release) struct url

/* Owned by the caller. */
char *url_text(const struct url *url) MUST_CHECK;
/* "host" or "host:port", for humans: paths and queries may hold secrets. Owned by the caller. */
char *url_authority(const struct url *url) MUST_CHECK;

/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
/* A literal 127.0.0.0/8 or ::1, or the name localhost, which we never ask DNS about. */
bool url_is_loopback(const struct url *url);
