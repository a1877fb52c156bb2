/*
 * Pipes between the caller's terminal and a process in a container. Internal to the engine.
 *
 * A terminal is never handed into a container: whoever has its descriptor reads what is typed,
 * long after the exec if it leaves a child behind, and with CAP_SYS_ADMIN types itself (TIOCSTI).
 * Files, pipes and sockets are handed over as they are, which is what makes exec fast; a directory
 * is refused, because it leads out of the container's root.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

struct exec_pipes {
	int caller[3];	/* the caller's terminal, or -EBADF: no pipe is needed; not owned */
	int ours[3];	/* the other ends of the process's; owned */
	int process[3]; /* what the process gets: owned where there is a pipe */
};

#define EXEC_PIPES_NONE                                                               \
	{                                                                             \
		.caller = {-EBADF, -EBADF, -EBADF}, .ours = {-EBADF, -EBADF, -EBADF}, \
		.process = {-EBADF, -EBADF, -EBADF},                                  \
	}

/* @stdio: the caller's, -EBADF for /dev/null. */
int exec_pipes_open(struct exec_pipes *pipes, const int stdio[3], struct error *err) MUST_CHECK;
void exec_pipes_release(struct exec_pipes *pipes);

/* The process has its ends: carries bytes until @pid_fd says that it has ended, and what it has
 * written by then. Returns at once without a pipe. */
int exec_pipes_carry(struct exec_pipes *pipes, int pid_fd, struct error *err) MUST_CHECK;
