/*
 * The target of an HTTP request (RFC 9112, origin form): its path and its query, decoded.
 *
 * Percent signs that are not followed by two hexadecimal digits, and NUL bytes, are refused. A plus
 * sign in a query is a blank.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

#define HTTP1_QUERY_MAX 1024 /* parameters */

struct http1_parameter {
	const char *name, *value;
};

struct http1_target {
	char *path;
	struct http1_parameter *parameters; /* in the order of the query */
	size_t parameter_count;
	char *storage;
};

/* 0; -EINVAL; -E2BIG (too many parameters). */
int http1_target_parse(const char *text, struct http1_target *ret) MUST_CHECK;
void http1_target_release(struct http1_target *target);
#define auto_http1_target CLEANUP(http1_target_release) struct http1_target

/* The value of the first parameter called @name, or NULL. */
const char *http1_target_parameter(const struct http1_target *target, const char *name);
