/*
 * The roles of kist-worker. A role is prepared while the world is still there (libraries load what
 * they need), then the sandbox is entered, then it runs and ends with WORKER_DONE or WORKER_ERROR.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/sandbox.h"

struct role {
	const char *name;
	struct sandbox sandbox;
	int root; /* the descriptor that becomes the root, or 0 for an empty one */
	/* May be NULL. May change the sandbox that is to be entered. */
	int (*prepare)(char **args, struct sandbox *sandbox, struct error *err);
	/* @args: the job and its arguments, ends with NULL. Sends WORKER_DONE itself. */
	int (*run)(char **args, struct error *err);
};

/* Those of this program; ends with NULL. */
extern const struct role *const worker_roles[];
extern const struct role role_unpack, role_apply, role_archive;

/* The jobs of role unpack. */
int unpack_archive(char **args, struct error *err) MUST_CHECK;
int unpack_layer(char **args, struct error *err) MUST_CHECK;
int unpack_copy(char **args, struct error *err) MUST_CHECK;
int unpack_blob(char **args, struct error *err) MUST_CHECK;
int unpack_config(char **args, struct error *err) MUST_CHECK;
