/*
 * Further processes in a running container, with the caller's own stdio and as long as the caller
 * waits: the runtime's `exec`, without a monitor. With a terminal of its own or detached:
 * engine/exec.h.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
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
	int stdio[3];		     /* of the process; -EBADF: /dev/null */
};

void exec_config_release(struct exec_config *config);

/* *@ret_code is the exit code of the process. ERROR_CONFLICT "container <id> is not
 * running"; ERROR_COMMAND_NOT_FOUND, ERROR_COMMAND_NOT_EXECUTABLE. */
int container_exec(struct engine *engine, struct container *container,
		   const struct exec_config *config, int *ret_code, struct error *err) MUST_CHECK;
