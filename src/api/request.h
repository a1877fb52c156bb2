/*
 * A request as the door's decoders see it: a route's arguments, the query, the JSON body.
 *
 * A decoder turns it into the values of an operation. It belongs to the door: it has no engine, no
 * files and no privileges, and its only effect is what it writes into the values.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "codec/http1-request.h"
#include "codec/http1-target.h"
#include "codec/json.h"

#include <stdbool.h>
#include <stdint.h>

#define API_VERSION_NEWEST    51 /* 1.51 */
#define API_VERSION_OLDEST    24

#define REQUEST_ARGUMENTS_MAX 2

struct request {
	const struct http1_request *http;
	unsigned version; /* minor number; the newest where the path names none */
	/* What stands for the {…} of the route's pattern, decoded, not empty. */
	char *arguments[REQUEST_ARGUMENTS_MAX];
	struct http1_target target;
	struct json *body; /* NULL: none */
};

void request_release(struct request *request);
#define auto_request CLEANUP(request_release) struct request

/* A parameter of the query, or NULL. */
const char *request_query(const struct request *request, const char *name);
/* As a flag, by Docker's rules: "", 0, no, false and none are false, all else is true. */
bool request_query_bool(const struct request *request, const char *name, bool absent);
/* As a number: ERROR_INVALID in Go's words. */
int request_query_i64(const struct request *request, const char *name, int64_t absent, int64_t *ret,
		      struct error *err) MUST_CHECK;

/* A copy for the values: NULL stays NULL. */
char *request_query_copy(const struct request *request, const char *name);

/*
 * The parameter "filters", in either form of its JSON ({"k":{"v":true}} and {"k":["v"]}), as
 * "k=v" in @ret. ERROR_INVALID if it is neither.
 */
int request_filters(const struct request *request, struct strv *ret, struct error *err) MUST_CHECK;
