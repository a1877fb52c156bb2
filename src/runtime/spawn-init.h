/*
 * Starting the child of runtime/init.h and listening to it. Private to runtime/.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "kern/clone.h"
#include "runtime/init.h"
#include "spec/runtime-config.h"

#include <stdint.h>

struct init_child {
	int pid_fd; /* owned; -EBADF: none */
	pid_t pid;
	int report_fd; /* owned */
	void *stack;   /* owned while the child may still use it */
};

#define auto_init_child CLEANUP(init_child_release) struct init_child

/* Fills @init from the process to run: capabilities within the bounding set, environment, filter.
 * @warn is told what was cut. */
void init_prepare(struct init *init, const struct runtime_process *process,
		  void (*warn)(const char *sentence));
void init_release(struct init *init);
#define auto_init CLEANUP(init_release) struct init

/* Starts the child with the namespaces @flags, born in @cgroup if that is not NULL and has a
 * unified hierarchy. */
int init_spawn(struct init *init, uint64_t flags, const struct cgroup *cgroup,
	       struct init_child *ret, struct error *err) MUST_CHECK;

/* Waits for a message. 1: @ret holds INIT_READY or INIT_HOOKS; 0: the child executed the program;
 * otherwise @err says what went wrong in it. @command is what the program is called in errors. */
int init_receive(int report_fd, const char *command, struct init_message *ret,
		 struct error *err) MUST_CHECK;

/* The error that a message of the child's stands for. */
int init_error(const struct init_message *message, struct error *err);

/* Kills and reaps the child if it is there. */
void init_child_kill(struct init_child *child);
void init_child_release(struct init_child *child);

/* Waits for the child's end; its exit status or 128 + signal. */
int init_child_wait(struct init_child *child) MUST_CHECK;
