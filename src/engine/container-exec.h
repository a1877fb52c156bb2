/*
 * Further processes in a running container: the runtime's `exec`, with the caller's own stdio. The
 * monitor has no part in it.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

struct exec_config {
	struct strv command;
	struct strv env;   /* added to the container's */
	char *user;	   /* NULL: the container's */
	char *working_dir; /* NULL: the container's */
	bool privileged;
	/* For execs as objects (engine/exec.h). */
	bool tty, open_stdin;
	bool attach_out, attach_err; /* what is to be carried once it is attached to */
	char *detach_keys;	     /* NULL: the default */
	unsigned rows, columns;	     /* of the terminal at first; 0: not said */
	bool detach;		     /* no stdio; returns when the process runs */
	int stdio[3];		     /* of the process; -EBADF: /dev/null */
};

void exec_config_release(struct exec_config *config);

/* *@ret_code is the exit code of the process (0 if detached). ERROR_CONFLICT "container <id> is not
 * running"; ERROR_COMMAND_NOT_FOUND, ERROR_COMMAND_NOT_EXECUTABLE. */
int container_exec(struct engine *engine, struct container *container,
		   const struct exec_config *config, int *ret_code, struct error *err) MUST_CHECK;
