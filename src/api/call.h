/*
 * An operation as its own process sees it: the engine, the client, and the answer to give.
 */
#pragma once

#include "api/operation.h"
#include "api/response.h"
#include "api/upload.h"
#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"

#include <sys/types.h>

/* Who is at the other end of the connection, as the kernel says. */
struct call_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct call {
	struct operation_call head; /* version, body, bytes already read */
	struct response response;
	struct call_peer peer;
	/* Where the engine is; NULL: its defaults. */
	const char *dir, *run;
	struct engine engine;
};

/* The engine, opened when it is first asked for. */
int call_engine(struct call *call, struct engine **ret, struct error *err) MUST_CHECK;

/* The body of a ROUTE_STREAM request. */
int call_upload(struct call *call, struct upload *ret, struct error *err) MUST_CHECK;

/* One row of a door's table: what runs an operation. Values are as its fields describe them, with
 * no promise beyond that: what they mean is checked by the engine, as for every other caller. */
struct call_handler {
	const struct operation *operation;
	int (*run)(struct call *call, const void *values, struct error *err);
};

/*
 * Serves the request that @record (@len bytes) is, on @fd, with @handlers (ends with operation
 * NULL). Whatever happens the client gets an answer. True: the connection may be used again.
 */
bool call_serve(const struct call_handler *handlers, const char *dir, const char *run, int fd,
		const void *record, size_t len);
