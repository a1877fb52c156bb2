/*
 * What the kernel and the monitor say of a container now. Internal to the engine.
 *
 * Theory of operation. The run folder has monitor.json {pid, start} from the moment the monitor
 * lives and state.json {pid, start, started} from the moment the container's process runs; the exit
 * record is placed before anybody can see the end. So, read in this order:
 *
 *   exit record there                           exited
 *   state.json, its process or monitor alive    running (the monitor is about to place the record)
 *   state.json, neither alive                   exited; without a record nobody knows how
 *   run folder without state.json               not started yet: what it was before
 *   no run folder                               created, or exited unseen if it ever started
 *
 * A start keeps the record of the last exit as exit.old.json until the process runs.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stdbool.h>

#define EXIT_FILE     "exit.json"
#define EXIT_OLD_FILE "exit.old.json"
#define STATE_FILE    "state.json"
#define NETWORK_FILE  "network.json"

/* Fills in state, pid, monitor, exit code, times and network. */
int container_state_read(struct engine *engine, struct container *container,
			 struct error *err) MUST_CHECK;

/* Notes in the run folder whether we hold its processes; who asks looks whether they are held. */
int container_state_set_paused(struct engine *engine, const struct container *container,
			       bool paused, struct error *err) MUST_CHECK;

/* The folder that has the exit record (dir's or, for auto_remove, run's); -ENOENT. */
int container_exit_folder(const struct engine *engine, const struct container *container);

/* containers/<id> below dir or run, as a descriptor; -ENOENT. Makes nothing. */
int container_open_folder(const struct engine *engine, const char *id) MUST_CHECK;
int container_open_run_folder(const struct engine *engine, const char *id) MUST_CHECK;

/* Whether the process on record in @run_fd, a run folder or an exec's, lives: 1 or 0, -ENOENT:
 * there is no such record. */
int container_process_look(int run_fd, pid_t *ret_pid) MUST_CHECK;

/* The monitor's process from its record in @run_fd: a pidfd, or -ESRCH if none lives. */
int container_monitor_open(int run_fd, pid_t *ret_pid) MUST_CHECK;
