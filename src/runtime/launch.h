/*
 * The making of a container's process (run, create) and of one more in it (exec).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"

#include <stdbool.h>

struct launch {
	int root_fd; /* the runtime's root folder */
	const char *id;
	const char *bundle;   /* run, create: folder of config.json; NULL: the working directory */
	const char *pid_file; /* NULL: none */
	const char *console_socket;
	unsigned preserve_fds;
	bool detach;
	bool keep;    /* run: do not delete the container when its process has ended */
	bool keyring; /* keep the caller's session keyring */
	bool no_pivot;
	bool no_cgroup;			/* the caller has put us where the container is to be */
	bool ignore_paused;		/* exec: also into a paused container */
	const char *config;		/* run, create: file instead of config.json of the bundle */
	const char *pidfd_socket;	/* where a pidfd of the process is sent; NULL: nowhere */
	const struct strv *sub_cgroups; /* exec: below the container's; NULL: the container's */
	void (*warn)(const char *sentence);
	void (*debug)(const char *sentence); /* NULL: nobody wants to know */
};

/* Makes the container, and its process up to where `start` is waited for. */
int launch_create(const struct launch *launch, struct error *err) MUST_CHECK;

/* Makes and starts it. Not detached: waits for its end, forwards signals, deletes it; *@ret_status
 * is the exit status of the process (128 + signal). */
int launch_run(const struct launch *launch, int *ret_status, struct error *err) MUST_CHECK;

/* Lets a created container go. ERROR_CONFLICT if it is not one. */
int launch_start(int root_fd, const char *id, void (*warn)(const char *sentence),
		 struct error *err) MUST_CHECK;

/* What exec runs: a process object of the specification, or the container's own with changes. */
struct launch_exec {
	const char *process; /* file; NULL: the following */
	char *const *args;
	const char *cwd, *user; /* NULL: the container's */
	const struct strv *env, *caps, *groups;
	const char *apparmor, *selinux; /* NULL: the container's */
	bool tty;
	bool no_new_privs;
};

int launch_exec(const struct launch *launch, const struct launch_exec *exec, int *ret_status,
		struct error *err) MUST_CHECK;
