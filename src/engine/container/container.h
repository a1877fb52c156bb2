/*
 * One container: what is on record about it, and what the kernel says of it now.
 *
 * The record (record.json below containers/<id>, or in the run folder for a container that is
 * removed at its end) is written when the container is created and replaced whole when it changes.
 * Whether it runs is never stored: container_find() and container_list() ask the kernel about the
 * process named in the run folder (pid and start time), and never wait for anything.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/config.h"
#include "engine/engine.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTAINER_ID_SIZE      65
#define CONTAINER_EXIT_UNKNOWN (-1)

enum container_state {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_EXITED,
};

/* What a running container has of its network; empty otherwise. */
struct container_network {
	char address[INET_ADDRSTRLEN];
	unsigned prefix;
	char gateway[INET_ADDRSTRLEN];
	char mac[18];
	char interface[16];
	struct port_mapping *ports; /* with the host ports that were chosen */
	size_t port_count;
};

struct container {
	char id[CONTAINER_ID_SIZE];
	char *damage;	 /* NULL; or the sentence that says why its record cannot be read */
	char *name;	 /* without the slash that Docker puts before it */
	char *image_id;	 /* "sha256:…" */
	int64_t created; /* wall clock, ns */
	int64_t started; /* of the last start, 0: never started */

	/* As requested, completed from the image: command, entrypoint, env, user, working_dir,
	 * labels, stop_signal, hostname and the mounts of the image's volumes are what a start
	 * uses. */
	struct container_config config;
	struct strv exposed_ports; /* of the image and of the request: "80/tcp" */

	enum container_state state;
	pid_t pid;	    /* while running, else 0 */
	bool paused;	    /* while running */
	bool restarting;    /* exited, and its restart policy is about to start it */
	unsigned restarts;  /* by its policy, since somebody started it */
	uint64_t pid_ticks; /* start time of the process, tells it from a later one of that pid */
	pid_t monitor;	    /* 0: none lives */
	unsigned rows, columns; /* of the terminal at the next start; not on record. 0: not known */
	int exit_code;		/* once exited; CONTAINER_EXIT_UNKNOWN: nobody saw it */
	bool oom_killed;
	int64_t finished; /* 0: not, or unknown */
	struct container_network network;
};

void container_release(struct container *container);
#define auto_container CLEANUP(container_release) struct container

/*
 * Finds a container by full id, name (with or without a leading slash) or unambiguous beginning of
 * its id, in this order. ERROR_NOT_FOUND "No such container: x"; ERROR_INVALID "Multiple IDs found
 * with provided prefix: x".
 */
int container_find(struct engine *engine, const char *name, struct container *ret,
		   struct error *err) MUST_CHECK;

/* The same, but a record that cannot be read is no failure: then damage says why, and id, name and
 * state are all that is known. For container_remove(). */
int container_find_any(struct engine *engine, const char *name, struct container *ret,
		       struct error *err) MUST_CHECK;

/* All containers, newest first, those with a damaged record last; one that is being removed is left
 * out. *@ret is an array of *@ret_count for container_list_free(). */
int container_list(struct engine *engine, struct container **ret, size_t *ret_count,
		   struct error *err) MUST_CHECK;
void container_list_free(struct container *list, size_t count);

/* Looks at the state again. ERROR_NOT_FOUND if it has been removed. */
int container_refresh(struct engine *engine, struct container *container,
		      struct error *err) MUST_CHECK;

/* "created", "running", "exited". */
const char *container_state_name(enum container_state state);
/* As `docker ps` shows it: "Up 5 seconds", "Exited (0) 2 minutes ago", "Created". Owned by the
 * caller. */
char *container_status(const struct container *container) MUST_CHECK;

/* The folder that has record, log and upper directory, and the run folder (bundle, control
 * socket); absolute paths, owned by the caller. The second exists only from a start until the
 * cleanup after the end. */
char *container_folder(const struct engine *engine, const char *id) MUST_CHECK;
char *container_run_folder(const struct engine *engine, const char *id) MUST_CHECK;
/* The json-file log (monitor), which may not exist. Owned by the caller. */
char *container_log_path(const struct engine *engine, const struct container *container) MUST_CHECK;
/* The executed command: entrypoint, then command. */
void container_argv(const struct container *container, struct strv *ret);

/* For rmi: whether a container uses the image. *@ret_container (owned) names it. @arg is the
 * struct engine. Has the signature that store_image_remove() asks for. */
bool container_uses_image(const char *image_id, char **ret_container, void *arg);
