/*
 * Operations: what a door may ask the engine for, each with the structure that says what exactly.
 *
 * One request is one process: the door decodes HTTP and JSON into the structure and writes it as a
 * record (api/tagged.h); the operation process reads the record and runs it. Both see the same
 * struct operation, which neither parses nor runs anything itself.
 */
#pragma once

#include "api/tagged.h"
#include "base/macro.h"
#include "codec/http1-request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct operation {
	uint32_t number;		   /* not 0; never used again for another one */
	const char *name;		   /* for people: "container list" */
	const struct tagged_field *record; /* NULL: it has no values */
	size_t size;			   /* of the structure of its values */
};

/* What comes with every request, around the values of its operation. */
struct operation_call {
	uint32_t number;
	uint32_t version; /* the minor number of Docker's API version: 51 */
	bool head;	  /* answer without a body */
	bool http10;
	bool upgrade;	 /* the client asked for another protocol: 101, not 200 */
	bool keep_alive; /* the connection may be used again */
	/* The body, where the operation reads it itself. */
	enum http1_framing framing;
	uint64_t body_length;
	struct str early;  /* bytes that the client has sent behind the head and we have read */
	struct str values; /* the record of the operation's own */
};

extern const struct tagged_field operation_call_record[];

#define OPERATION_EARLY_MAX (128u << 10)

void operation_call_release(struct operation_call *call);
#define auto_operation_call CLEANUP(operation_call_release) struct operation_call

/* The program that runs one: its descriptors, and its exit statuses. */
#define OPERATION_CONNECTION 3
#define OPERATION_RECORD     4

#define OPERATION_AGAIN	     0 /* the connection may be used again */
#define OPERATION_CLOSE	     3
#define OPERATION_FAILED     1
