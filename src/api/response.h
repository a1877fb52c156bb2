/*
 * The answer of an operation process, on the client's own connection.
 *
 * Exactly one answer is given: a document, nothing at all, a stream of chunks, or the raw
 * connection. A failure before that is answered by the frame (response_error()); one in the middle
 * of a stream can only be told within it, or by ending the connection without the last chunk.
 *
 * Errors here mean that the client is gone: ERROR_UNAVAILABLE. The connection is blocking.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum response_state {
	RESPONSE_NONE, /* nothing has been sent */
	RESPONSE_STREAM,
	RESPONSE_RAW,
	RESPONSE_DONE,
};

struct response {
	int fd; /* the connection; borrowed */
	bool head;
	bool http10;
	bool upgrade;
	bool keep_alive; /* the head says so; the connection is then the door's again */
	enum response_state state;
	struct str headers; /* response_header()'s, not yet sent */
};

void response_release(struct response *response);

/* Adds a header to the answer that is still to be given. */
void response_header(struct response *response, const char *name, const char *value);

/* A JSON document. */
int response_json(struct response *response, unsigned status, const struct str *document,
		  struct error *err) MUST_CHECK;
/* Any other body that is at hand as a whole. */
int response_body(struct response *response, unsigned status, const char *type, const void *data,
		  size_t len, struct error *err) MUST_CHECK;
/* 201, 204, 304, or 200 without a body. */
int response_empty(struct response *response, unsigned status, struct error *err) MUST_CHECK;

/* Sends the head of a body without known length now; each write is at once on its way. */
int response_stream(struct response *response, unsigned status, const char *type,
		    struct error *err) MUST_CHECK;
int response_write(struct response *response, const void *data, size_t len,
		   struct error *err) MUST_CHECK;
int response_end(struct response *response, struct error *err) MUST_CHECK;

/*
 * Hands the connection to the operation, in either of Docker's forms: 101 if the client asked for
 * an upgrade, else 200 and bytes until the end. @type is "application/vnd.docker.raw-stream" or
 * "…multiplexed-stream". From now on response->fd is the operation's to read and write.
 */
int response_hijack(struct response *response, const char *type, struct error *err) MUST_CHECK;

/* Answers with @failure if nothing has been sent yet. */
void response_error(struct response *response, const struct error *failure);

/* Sends all bytes to the client. */
int response_send(struct response *response, const void *data, size_t len,
		  struct error *err) MUST_CHECK;
