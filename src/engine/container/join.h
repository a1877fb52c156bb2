/*
 * Namespaces of another container that one shares: --network, --ipc and --pid container:<id>.
 *
 * Theory of operation. At creation a name becomes an id (container_join_name). At each start the
 * other one must run: its namespaces are opened by its process's pid, and only then is the process
 * compared with the one on record, so that a pid that has been given to somebody else leads
 * nowhere. The descriptors are handed to the runtime as /proc/<our pid>/fd/<n>.
 *
 * A /dev/shm to be shared (--ipc shareable) is a tmpfs on <run folder>/shm, mounted where all of
 * our processes see it, because a mount of another mount namespace cannot be cloned. Whoever joins
 * binds it. It is unmounted with everything else that a start made.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdbool.h>

struct container_join {
	int network_fd, ipc_fd, pid_fd; /* owned; -EBADF: not joined */
	char *shm;			/* owned: source of the mount on /dev/shm; NULL: none */
	char *files;	/* owned: folder of its hosts, hostname and resolv.conf; NULL: its own */
	char *hostname; /* owned: of the container whose network it is; NULL: its own */
};

#define CONTAINER_JOIN_NONE                                              \
	{                                                                \
		.network_fd = -EBADF, .ipc_fd = -EBADF, .pid_fd = -EBADF \
	}

/* Makes ids of the names in "container:<name>". ERROR_NOT_FOUND "No such container: x". */
int container_join_name(struct engine *engine, struct container_config *config,
			struct error *err) MUST_CHECK;

/* Opens what is to be shared, and makes the shared /dev/shm below @run_fd if it has one. */
int container_join_open(struct engine *engine, const struct container *container, int run_fd,
			struct container_join *ret, struct error *err) MUST_CHECK;

void container_join_release(struct container_join *join);
#define auto_container_join CLEANUP(container_join_release) struct container_join

/* Whether a start of it mounts a /dev/shm to be shared. */
bool container_join_shares(const struct container *container);
/* Unmounts that of the container @id, if there is one. */
void container_join_undo(struct engine *engine, const char *id);
