/*
 * The body of a ROUTE_STREAM request, as bytes to read.
 *
 * Its frames (chunks, or a length) are cut off by a process of its own without privileges: `kist-
 * operation unframe`, in a sandbox, which reads the connection and writes a pipe. The operation
 * never sees what HTTP makes of a body.
 */
#pragma once

#include "api/operation.h"
#include "base/error.h"
#include "base/macro.h"
#include "io/spawn.h"

/* Descriptors of that process. */
#define UNFRAME_CONNECTION 3
#define UNFRAME_EARLY	   4 /* what had been read before: a file in memory */
#define UNFRAME_OUT	   5

struct upload {
	int fd; /* owned: reads the bytes; its end may also be that of a client that left */
	struct child child;
};

/* For the request @call on @connection. */
int upload_open(const struct operation_call *call, int connection, struct upload *ret,
		struct error *err) MUST_CHECK;

/* To be asked at the end of the bytes: ERROR_INVALID if the body was malformed or cut off. */
int upload_finish(struct upload *upload, struct error *err) MUST_CHECK;

void upload_release(struct upload *upload);
#define UPLOAD_NONE ((struct upload) {.fd = -EBADF, .child.pid_fd = -EBADF})
#define auto_upload CLEANUP(upload_release) struct upload
