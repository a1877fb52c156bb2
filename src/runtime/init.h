/*
 * The code that runs in the child between clone3 and the container's program.
 *
 * It shares the parent's memory (kern/clone.h), so everything it needs is prepared before: it
 * allocates nothing, logs nothing, and reports to the parent in fixed messages over a socket. The
 * parent does nothing but wait for them.
 */
#pragma once

#include "base/macro.h"
#include "kern/caps.h"
#include "kern/cgroup.h"
#include "kern/trampoline.h"
#include "spec/runtime-config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the child is; the parent makes the sentence (init_stage_text). */
enum init_stage {
	INIT_READY = 0, /* set up; of a created container: waits to be started */
	INIT_HOOKS,	/* wait: the parent runs its hooks, then answers with a byte */
	INIT_CGROUP,
	INIT_NAMESPACE,
	INIT_SESSION,
	INIT_TERMINAL,
	INIT_HOSTNAME,
	INIT_LOOPBACK,
	INIT_ROOTFS,
	INIT_MOUNT,
	INIT_MOUNT_TARGET,
	INIT_MOUNT_REFUSED, /* the destination is not to be mounted on */
	INIT_DEVICE,
	INIT_MASK,
	INIT_READONLY,
	INIT_SYSCTL,
	INIT_OOM_SCORE,
	INIT_PIVOT,
	INIT_START,
	INIT_RLIMIT,
	INIT_CWD,
	INIT_USER,
	INIT_CAPABILITIES,
	INIT_SECCOMP,
	INIT_FIND, /* the program is not there, or not executable */
	INIT_EXEC,
	INIT_STAGE_COUNT,
};

#define INIT_DETAIL_SIZE 480

struct init_message {
	int32_t stage;
	int32_t errnum; /* positive */
	char detail[INIT_DETAIL_SIZE];
};

#define INIT_ENV_HOME_SIZE 4200

struct init {
	/* New containers; NULL for a process that joins one. */
	const struct runtime_config *config;
	const char *rootfs;	     /* absolute, in the caller's mount namespace */
	const struct cgroup *cgroup; /* NULL: no cgroup to join */
	bool in_unified;	     /* born in the unified hierarchy's */
	bool hooks;		     /* the parent has hooks to run before the root changes */
	const char *hook_state;	     /* the state for the hooks that run in the child */
	int namespace_fds[RUNTIME_NAMESPACE_COUNT];
	int *deferred; /* config->mount_count descriptors: made read-only at the end */
	size_t deferred_count;
	bool dev_bound; /* what is mounted on /dev is a bind mount */
	int listen_fd;	/* created containers: the socket "start"; -EBADF: start at once */
	/* Processes that join: what they join. */
	int join_fd; /* pidfd; -EBADF */

	const struct runtime_process *process;
	struct caps caps; /* already within the bounding set */
	const void *filter;
	size_t filter_len;
	unsigned filter_flags;
	unsigned preserve_fds;
	int trampoline_fd;
	char **argv; /* of the trampoline: path, descriptor, process->args */
	char trampoline_text[TRAMPOLINE_FD_SIZE];
	char **env; /* process->env with room for HOME in home_slot, if that is not NULL */
	char **home_slot;
	char home[INIT_ENV_HOME_SIZE];
	int console_fd; /* the socket a terminal is sent to; -EBADF */

	int report_fd;
	int parent_fd; /* the parent's end: closed in the child */

	/* The child's own. */
	int stage;
	const char *detail;
	mode_t umask;
	int private_proc;
	char path[4096];
};

/* The child's main; @arg is a struct init. Returns only on failure. */
int init_main(void *arg);

/* "mount" and so on: what the stage was about to do. */
const char *init_stage_text(enum init_stage stage);

/* The parts, each in a file of its own; 0 or -errno with init->stage and init->detail set. */
int init_rootfs(struct init *init) MUST_CHECK;
int init_devices(struct init *init, int root_fd) MUST_CHECK;
int init_paths(struct init *init, int root_fd) MUST_CHECK; /* masked, read-only */
int init_process(struct init *init) MUST_CHECK;
int init_hooks(struct init *init, enum runtime_hook_kind kind) MUST_CHECK;

/* Notes where the child is and returns @r. */
int init_fail(struct init *init, enum init_stage stage, const char *detail, int r);
