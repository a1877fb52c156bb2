/*
 * A container as the runtime remembers it: <root>/<id>/.
 *
 *   config.json  a copy of the configuration, where it has hooks for later; then it does not matter
 *                what becomes of the bundle's
 *   state.json   written before anything else is made: bundle, cgroup, when, by whom
 *   pid          written when the container's process exists: "<pid> <start ticks>"
 *   start        a socket that the process of a created container listens on; gone once started
 *
 * Whether it runs is never stored: it is what the kernel says of that process. A folder without
 * pid is a container whose making was cut short: `delete --force` ends what is in its cgroup.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "codec/json.h"
#include "spec/runtime-config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RUNTIME_ROOT_DEFAULT "/run/kist-runtime"
#define RUNTIME_VERSION_SPEC "1.2.0"

enum container_status {
	CONTAINER_CREATING, /* being made, or its making was cut short */
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_STOPPED,
};

struct container {
	char *id;
	int dir_fd; /* owned: <root>/<id> */
	pid_t pid;  /* 0: none yet */
	uint64_t start_ticks;
	struct json *state; /* state.json; owned. What follows points into it */
	const char *bundle;
	const char *rootfs;
	const char *cgroup; /* "": none of its own */
	const char *created;
	const char *owner;
	const char *config;  /* file of its configuration; NULL: config.json of the bundle */
	const char *command; /* what errors call its program */
	bool saved;	     /* the folder has a copy of the configuration */
};

#define auto_container CLEANUP(container_release) struct container

/* What state.json says when the container is made. */
struct container_record {
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute */
	const char *config; /* absolute; NULL: config.json of the bundle */
	const char *cgroup;
	const char *command;
	const char *copy;		/* text of the configuration, if it is needed later; NULL */
	const struct json *annotations; /* may be NULL */
};

/* The root folder, made (0700) where missing; ERROR_DENIED if it is somebody else's. */
int container_root_open(const char *path, int *ret, struct error *err) MUST_CHECK;

/* 1 to 128 letters, digits, and _ + - . ; not "." or "..", no leading dot or dash. */
int container_check_id(const char *id, struct error *err) MUST_CHECK;

/* Makes the folder: the name is taken from now on. ERROR_CONFLICT. */
int container_make(int root_fd, const char *id, const struct container_record *record,
		   struct container *ret, struct error *err) MUST_CHECK;

/* ERROR_NOT_FOUND. */
int container_load(int root_fd, const char *id, struct container *ret,
		   struct error *err) MUST_CHECK;

/* The configuration that it was made with, as far as `start` and `delete` need it: an empty one if
 * there was nothing for them in it. */
int container_config(const struct container *container, struct runtime_config *ret,
		     struct error *err) MUST_CHECK;

int container_write_pid(struct container *container, pid_t pid, struct error *err) MUST_CHECK;

static inline bool container_has_cgroup(const struct container *container)
{
	return *container->cgroup != '\0';
}

enum container_status container_status(const struct container *container);
const char *container_status_name(enum container_status status);

/* A pidfd of the container's process; ERROR_CONFLICT if it does not run. */
int container_pidfd(const struct container *container, int *ret, struct error *err) MUST_CHECK;

/* The state as the OCI specification writes it; @indent spaces a level, with the members that only
 * runc has if @full. @pid and @status as they are to be shown. */
void container_write_state(const struct container *container, enum container_status status,
			   pid_t pid, unsigned indent, bool full, struct str *out);

/* Calls @each for every container that can be read, in the order of their ids. */
int container_each(int root_fd, int (*each)(struct container *container, void *arg), void *arg,
		   struct error *err) MUST_CHECK;

/* Removes the folder. */
int container_remove(int root_fd, struct container *container, struct error *err) MUST_CHECK;

void container_release(struct container *container);
