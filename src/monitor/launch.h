/*
 * The OCI runtime as a child: "run --detach" or "exec --detach", what it says when that fails,
 * "delete --force".
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/spawn.h"
#include "monitor/monitor.h"

/* Starts the container, or the process in it; @stdio are its descriptors 0, 1 and 2, unless
 * @console says where it is to send its terminal. */
int launch_start(const struct monitor_options *options, int bundle_fd, const int stdio[3],
		 const char *console, struct child *ret, struct error *err) MUST_CHECK;

/* The runtime has ended with @status (as child_wait gives it): the process id of the container, or
 * why there is none. */
int launch_result(const struct monitor_options *options, int bundle_fd, int status, pid_t *ret,
		  struct error *err) MUST_CHECK;

/* Undoes the start of a container, and waits for that. What the runtime says to it does not matter.
 */
void launch_undo(const struct monitor_options *options);

/* Why a runtime failed, from the text of its JSON log: the message of the last record of level
 * error, its kind, or one guessed from the words of runc and crun. ERROR_NONE is left if the log
 * says nothing. */
void launch_read_log(const char *text, size_t len, struct error *ret);
