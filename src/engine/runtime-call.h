/*
 * Calling an OCI runtime, whichever: the command line that runc defined.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "io/spawn.h"

#include <errno.h>

/* The program: absolute path. A name without a slash is looked for beside our own programs, then
 * in the usual folders for programs. ERROR_NOT_FOUND. Owned by the caller. */
int runtime_path(const struct container_config *config, char **ret, struct error *err) MUST_CHECK;

/* Where runtimes of this engine keep their state. Owned by the caller. */
char *runtime_root(const struct engine *engine) MUST_CHECK;

/* `runtime <arguments> id`, with @input_fd (-EBADF: none) as its standard input. @arguments ends
 * with NULL. When it fails the error is what it says. */
int runtime_call(struct engine *engine, const struct container *container,
		 const char *const *arguments, int input_fd, struct error *err) MUST_CHECK;

/* `runtime delete --force id`: 0 also if the runtime knows nothing of it. */
int runtime_delete(struct engine *engine, const struct container *container,
		   struct error *err) MUST_CHECK;

/* The same in two halves, for who has something else to do meanwhile. @ret must be released. */
struct runtime_deletion {
	char *path;
	struct child child;
	int output; /* what the runtime says */
};

#define RUNTIME_DELETION_NONE                                 \
	{                                                     \
		.child = {.pid_fd = -EBADF}, .output = -EBADF \
	}

int runtime_delete_begin(struct engine *engine, const struct container *container,
			 struct runtime_deletion *ret, struct error *err) MUST_CHECK;
int runtime_delete_end(struct engine *engine, const struct container *container,
		       struct runtime_deletion *deletion, struct error *err) MUST_CHECK;
void runtime_deletion_release(struct runtime_deletion *deletion);
#define auto_runtime_deletion CLEANUP(runtime_deletion_release) struct runtime_deletion

/*
 * The last message in the output of a failed runtime: in JSON lines ("msg") or plain, without the
 * decoration that the known ones put around it. Owned by the caller.
 */
char *runtime_message(const char *output) MUST_CHECK;

/* Which kind of failure a runtime's message describes: command not found, not executable, else
 * ERROR_SYSTEM. */
enum error_kind runtime_message_kind(const char *message);
