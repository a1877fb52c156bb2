/*
 * The engine: the one API that every door (command line, Docker, CRI, containerd) uses.
 *
 * An engine is two folders (io/root.h) and nothing else: every call reads what it needs from there
 * and from the kernel, so that any number of processes work on the same containers at once.
 * Topics have headers of their own:
 *
 *   container/config.h     what a container is created from
 *   container/isolation.h  its part that says what it may do and share
 *   container/container.h  one container: its record and its state; find, list
 *   container/create.h     create, and what an interrupted creation leaves
 *   container/start.h      start, attach, wait for the end
 *   container/stop.h       stop, kill, wait, restart
 *   container/remove.h     rm, cleanup
 *   container/exec.h       exec with the caller's own standard streams
 *   container/log.h        what a container has written
 *   exec.h                 executed processes as objects
 *   attach.h               carrying the streams of a process
 *   container/copy.h       files into and out of it, as tar streams
 *   container/diff.h       what it has changed in its root file system
 *   container/pause.h      hold it, let it go on
 *   container/rename.h     another name
 *   container/stats.h      what it uses now
 *   container/top.h        its processes
 *   container/update.h     other limits
 *   disk-usage.h           what images, containers and volumes hold
 *   engine-info.h          what there is, and on which machine
 *   event.h                what has happened
 *   user.h                 names of users and groups, as an image's own files give them
 *   spec-gen.h             the OCI configuration of a container
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"

#include <errno.h>

struct engine {
	struct root root;
};

/* Not open: what engine_close() accepts. */
#define ENGINE_CLOSED                                         \
	{                                                     \
		.root = {.dir_fd = -EBADF, .run_fd = -EBADF } \
	}

/*
 * Opens the folders (NULL: environment, then default; see root_open) and completes or undoes what
 * dead operations left: their intents, and once after a boot the containers that did not outlive
 * it. Cost without dead operations: one look into an empty folder.
 */
int engine_open(const char *root, const char *runroot, struct engine *ret,
		struct error *err) MUST_CHECK;
void engine_close(struct engine *engine);
#define auto_engine CLEANUP(engine_close) struct engine
