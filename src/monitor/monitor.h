/*
 * The parent of one container: theory of operation.
 *
 * kist-monitor is started by an engine operation, the owner, and told everything on its command
 * line (monitor/wire.h). It makes the container's root file system in a mount namespace of its own,
 * its standard streams as FIFOs in the bundle, executes an OCI runtime with them, and is the parent
 * of what that leaves (PR_SET_CHILD_SUBREAPER). Then it waits, logs, and serves those who attach.
 *
 * One thread, one loop. Callbacks of the loop record what has happened; after each step
 * monitor_advance() decides what follows from it:
 *
 *   prepared   with --prepare: everything is there but the bundle, which the owner still writes.
 *   starting   the runtime runs. It fails: WIRE_FAILED, end.
 *   running    from WIRE_STARTED on. Output is read from WIRE_COMMIT on, so that the owner can
 *              attach first and misses nothing.
 *   draining   the process has ended; what is in the FIFOs is read until their end, or for
 *              DRAIN_TIME if somebody outside the container holds them open.
 *   telling    the exit record is in place, and WIRE_EXITED on its way to who wants it. Clients
 *              have TELL_TIME to read; an owner who cleans up has all the time it wants, because
 *              only its own output waits, and so has one who was there before the container: the
 *              cleanup is then done beside us.
 *   ended      kist-monitor exits, or becomes the cleanup command.
 *
 * Who ends what:
 *   - Before WIRE_COMMIT the container exists only with its owner. Its end (PR_SET_PDEATHSIG, or
 *     the end of its connection) ends the runtime, every process that came of it, and what the
 *     runtime recorded (its "delete --force"). --cleanup is not executed then: the owner's intent
 * is what undoes the rest.
 *   - After WIRE_COMMIT nothing but SIGKILL ends a monitor before its container. SIGTERM, SIGINT
 *     and SIGHUP are ignored, so that a machine that goes down first ends the container, and its
 *     exit is recorded; they are never forwarded.
 *   - When the monitor is killed, the container goes on (monitor/stdio.h). It was the runtime's
 *     child of no death signal, and is then the machine's init's. A new monitor takes over
 *     (--take-over) where the old one was: FIFOs, log (monitor/progress.h), and the process by its
 *     pidfd. It is no parent, and how the process ends is what the kernel tells to those who are
 *     not (process_exit_status()), or unknown. A terminal cannot be taken over: the kernel has
 *     hung it up when its master was closed.
 *
 * A keeper (--process) is the same for one more process in a running container: the runtime's
 * "exec" instead of "run", no root file system, no log, and nothing of the runtime's to delete.
 *
 * The mount namespace is left a second after the start: by then the container has its own copy of
 * the overlay, and a monitor that stayed would only pin mounts that the machine's owner wants gone.
 * Memory used for the start is given back then too.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

struct monitor_options {
	const char *id;
	const char *bundle;
	const char *runtime;
	const char *runtime_root;
	struct strv lower;
	const char *upper;
	const char *work;
	bool is_volatile;
	const char *rootfs;
	const char *log;
	const char *exit;
	bool sync;
	bool with_stdin;
	bool terminal;
	bool prepare;
	const char *process; /* NULL: the container itself */
	bool take_over;	     /* it runs already */
	const int *peer_fds; /* taken over */
	size_t peer_count;
	const char *cgroup;
	const char *events;	      /* run folder that has the log of events */
	const char *event_attributes; /* members of a JSON object */
	const char *cleanup;
	struct strv cleanup_args;
};

/* Runs the container to its end. Returns the process's exit status; does not return when the
 * cleanup command is executed. @owner_fd is taken over. All descriptors that are open must be
 * close-on-exec. */
int monitor_run(const struct monitor_options *options, int owner_fd);
