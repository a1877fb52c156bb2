/*
 * Routes as data: which request is which operation.
 *
 * A pattern is a path without its version: "/containers/{name}/json". {name} is one segment;
 * {name*} is as many as there are, for names of images. More than one pattern may match: the first
 * one in the table counts. Path and version that match nothing are answered in Docker's words.
 */
#pragma once

#include "api/operation.h"
#include "api/request.h"
#include "base/error.h"
#include "base/macro.h"

enum route_body {
	ROUTE_NO_BODY, /* what there is is read and thrown away, at most ROUTE_JSON_MAX bytes */
	ROUTE_JSON,    /* may be absent; Content-Type must say so if it is there */
	ROUTE_FOLLOW,  /* as ROUTE_NO_BODY; the answer may last, and ends with its connection */
	/* From here on the connection is the operation's, bytes behind the request included. */
	ROUTE_HIJACK, /* as ROUTE_JSON; what follows is raw bytes both ways */
	ROUTE_STREAM, /* a body of any length, which the operation has read for it */
};

#define ROUTE_JSON_MAX	 (1u << 20)
#define ROUTE_VALUES_MAX 65536 /* values in one document */

/* An answer that is always the same. */
struct route_answer {
	const char *headers; /* lines with their ends */
	const char *type, *body;
};

struct route {
	enum http1_method method; /* HTTP1_GET serves HEAD as well only if a row says so */
	const char *pattern;
	unsigned since; /* first API version that has it; 0: all */
	enum route_body body;
	/* NULL: the door gives the answer of @fixed itself. */
	const struct operation *operation;
	/* Fills @values, which are zeroed; NULL: there is nothing to fill in. ERROR_INVALID and so
	 * on are the answer to the client. */
	int (*decode)(const struct request *request, void *values, struct error *err);
	const struct route_answer *fixed;
};

/*
 * Finds the route of @request, whose http and target are set, in @routes (ends with pattern NULL);
 * sets its version and arguments. ERROR_NOT_FOUND "page not found"; ERROR_INVALID: a version that
 * we do not speak.
 */
int route_find(const struct route *routes, struct request *request, const struct route **ret,
	       struct error *err) MUST_CHECK;

/*
 * Reads @len bytes of body into request->body as the route wants it. ERROR_INVALID in Docker's
 * words.
 */
int route_read_body(const struct route *route, struct request *request, const char *data,
		    size_t len, struct error *err) MUST_CHECK;

/* Decodes the values and appends their record to @out. */
int route_encode(const struct route *route, const struct request *request, struct str *out,
		 struct error *err) MUST_CHECK;
