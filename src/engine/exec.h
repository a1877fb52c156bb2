/*
 * Executed processes as objects: they have an id, and any process can find, start, resize, inspect
 * and wait for them. For `exec` with a terminal or detached, and for the doors. (A plain `kist
 * exec` needs none of this: engine/container/exec.h.)
 *
 * An exec is the folder <run>/containers/<container>/exec/<id>/, found by <run>/execs/<id>, which
 * names the container. Its process is the child of a keeper, which is a kist-monitor without root
 * file system and log: it holds terminal or pipes, serves those attached, and places the exit
 * record. Execs that have ended are forgotten five minutes later, when the next one is made, and
 * with the container's end at the latest.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/attach.h"
#include "engine/container/container.h"
#include "engine/container/exec.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define EXEC_ID_SIZE 65

enum exec_state {
	EXEC_CREATED,
	EXEC_RUNNING,
	EXEC_EXITED,
};

struct exec {
	char id[EXEC_ID_SIZE];
	char container_id[CONTAINER_ID_SIZE];
	struct exec_config config; /* as requested; stdio is not used */
	enum exec_state state;
	pid_t pid;     /* while running, else 0 */
	int exit_code; /* once exited; CONTAINER_EXIT_UNKNOWN: nobody saw it */
};

void exec_release(struct exec *exec);
#define auto_exec CLEANUP(exec_release) struct exec

/* Nothing runs yet. ERROR_CONFLICT "container <id> is not running" (or paused),
 * ERROR_INVALID "no exec command specified", and what is wrong with user or detach keys. */
int exec_create(struct engine *engine, struct container *container,
		const struct exec_config *config, struct exec *ret, struct error *err) MUST_CHECK;

/* By its full id. ERROR_NOT_FOUND "No such exec instance: x". */
int exec_find(struct engine *engine, const char *id, struct exec *ret,
	      struct error *err) MUST_CHECK;

/* Ids of those of a container that have not ended. */
int exec_list(struct engine *engine, const char *container_id, struct strv *ret,
	      struct error *err) MUST_CHECK;

/*
 * Starts it: detached without @options, otherwise @ret is for attachment_run(), which misses no
 * byte. ERROR_CONFLICT if it was started before or the container has stopped;
 * ERROR_COMMAND_NOT_FOUND, ERROR_COMMAND_NOT_EXECUTABLE: it has ended with 127 or 126 then, and
 * exec_find() says so.
 */
int exec_start(struct engine *engine, struct exec *exec, const struct attach_options *options,
	       struct attachment *ret, struct error *err) MUST_CHECK;

/* The size of its terminal. ERROR_CONFLICT: it does not run, or has none. */
int exec_resize(struct engine *engine, const struct exec *exec, unsigned rows, unsigned columns,
		struct error *err) MUST_CHECK;

/* Forgets one that has ended or was never started. */
void exec_remove(struct engine *engine, const struct exec *exec);

/* With the container's end: waits for their keepers to have seen that, and forgets the names of all
 * its execs. Their folders go with the container's own. */
void exec_forget_all(struct engine *engine, const char *container_id);
