/*
 * Child processes: vfork and exec with an exact set of descriptors, watched through a pidfd.
 *
 * The child gets the descriptors of the map and nothing else: every other one is closed
 * (close_range), whatever its flags. Signal mask and handlers are reset. No fork of the caller's
 * memory.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>
#include <sys/types.h>

struct spawn_fd {
	int from; /* a descriptor of the caller's; -EBADF: /dev/null */
	int to;	  /* its number in the child */
};

enum spawn_flags {
	SPAWN_DIE_WITH_PARENT = 1 << 0, /* PR_SET_PDEATHSIG SIGKILL, set before the exec */
	SPAWN_NEW_SESSION = 1 << 1,	/* setsid */
	SPAWN_NEW_PIDS = 1 << 2,	/* the first process of a pid namespace of its own */
	SPAWN_BY_FD = 1 << 3,		/* what is executed is exec_fd, not path */
};

struct spawn {
	const char *path; /* absolute; executed as it is */
	char *const *argv;
	char *const *env;	    /* NULL: an environment of PATH alone */
	const struct spawn_fd *fds; /* 0, 1, 2 are /dev/null unless named here */
	size_t fd_count;	    /* at most SPAWN_FDS_MAX */
	unsigned flags;
	int exec_fd; /* with SPAWN_BY_FD */
};

#define SPAWN_FDS_MAX 32

struct child {
	pid_t pid;
	int pid_fd; /* owned */
};

/* Starts the program. 0, or -errno, also of the exec itself (-ENOENT, -EACCES, ...). */
int spawn(const struct spawn *spawn, struct child *ret) MUST_CHECK;

/* Waits for the end and reaps. *@ret_status: exit status, or 128 + signal. Closes the pidfd. */
int child_wait(struct child *child, int *ret_status) MUST_CHECK;

/* SIGKILL, wait, reap; nothing if already waited for. For cleanup. */
void child_kill(struct child *child);

/*
 * The path of another program of ours: $KIST_LIBEXEC/name if that is set and we are not set-uid,
 * else the folder of the running executable. Owned by the caller. 0 or -errno.
 */
int program_path(const char *name, char **ret) MUST_CHECK;
