/*
 * The code that runs in the child between clone3 and the container's program.
 *
 * It shares the parent's memory (kern/clone.h), so everything it needs is prepared before: it
 * allocates nothing, logs nothing, and reports to the parent in fixed messages over a socket. The
 * parent does nothing but wait for them.
 */
#pragma once

#include "base/macro.h"
#include "base/strv.h"
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
	INIT_GATE,	/* wait for the parent to have mapped ids, moved interfaces, ... */
	INIT_USER_NAMESPACE,
	INIT_TIME,
	INIT_KEYRING,
	INIT_CGROUP,
	INIT_NAMESPACE,
	INIT_SESSION,
	INIT_TERMINAL,
	INIT_HOSTNAME,
	INIT_LOOPBACK,
	INIT_ROOTFS,
	INIT_MOUNT,
	INIT_MOUNT_TARGET,
	INIT_MOUNT_LINK,
	INIT_MOUNT_REFUSED, /* the destination is not to be mounted on */
	INIT_DEVICE,
	INIT_MASK,
	INIT_READONLY,
	INIT_SYSCTL,
	INIT_COPY_UP,
	INIT_SCHEDULING,
	INIT_LABEL,
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

/* One controller's cgroup that a process joins in the place of the container's (exec, v1). */
struct init_cgroup {
	struct cgroup cgroup;
	char controller[CGROUP_NAME_SIZE];
};

struct init {
	/* New containers; NULL for a process that joins one. */
	const struct runtime_config *config;
	const char *rootfs;		  /* absolute, in the caller's mount namespace */
	const struct cgroup *cgroup;	  /* NULL: no cgroup to join */
	bool in_unified;		  /* born in the unified hierarchy's */
	bool in_cgroup;			  /* the parent moves it there */
	struct init_cgroup *more_cgroups; /* owned */
	size_t more_cgroup_count;
	int enter_fd; /* a user namespace to be born in; -EBADF */
	int enter_flags;
	bool gate;	     /* the parent has something to do before all else */
	bool user_namespace; /* ids are those of a namespace, new or joined */
	bool own_memory;     /* the child does not share the parent's: time namespaces */
	bool no_pivot;
	struct strv concealed; /* with no_pivot: what must not be seen any more */
	bool console_ours;     /* the terminal goes to the runtime's own, which wants plain lines */
	const char *keyring;   /* name of the session keyring; NULL: the caller's */
	int root_source;       /* the root file system as a detached mount, or -EBADF */
	int *sources;	       /* the same for each of config->mounts; NULL: none */
	const struct runtime_seccomp *seccomp; /* with a listener; or NULL */
	int listener_fd;	      /* connected socket that the listener is sent to; -EBADF */
	const char *listener_text[3]; /* its message, around the process id, which is in it once or
					 twice */
	const struct runtime_memory_policy *memory_policy; /* or NULL */
	bool has_personality;
	unsigned long personality;
	bool hooks;		/* the parent has hooks to run before the root changes */
	const char *hook_state; /* the state for the hooks that run in the child */
	int namespace_fds[RUNTIME_NAMESPACE_COUNT];
	int *deferred; /* config->mount_count descriptors: made read-only at the end */
	size_t deferred_count;
	bool dev_bound; /* what is mounted on /dev is a bind mount */
	int listen_fd;	/* created containers: the socket "start"; -EBADF: start at once */
	/* Processes that join: what they join. */
	int join_fd; /* pidfd; -EBADF */
	int join_flags;

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
	int label_proc;
	char host_pid[24]; /* our number in the caller's /proc, once asked for */
	char path[4096];
};

/* No descriptors, nothing asked for. */
void init_clear(struct init *init);

/* The child's main; @arg is a struct init. Returns only on failure. */
int init_main(void *arg);

/* "mount" and so on: what the stage was about to do. */
const char *init_stage_text(enum init_stage stage);

/* The parts, each in a file of its own; 0 or -errno with init->stage and init->detail set. */
int init_rootfs(struct init *init) MUST_CHECK;
int init_devices(struct init *init, int root_fd) MUST_CHECK;
int init_paths(struct init *init, int root_fd) MUST_CHECK; /* masked, read-only */
int init_process(struct init *init) MUST_CHECK;
/* Of a created container: what cannot be found is said at once, when engines ask why. */
int init_check_program(struct init *init) MUST_CHECK;
int init_copy_up(struct init *init, int from_fd, int to_fd) MUST_CHECK;
int init_scheduling(struct init *init) MUST_CHECK;
int init_time_namespace(struct init *init) MUST_CHECK;
int init_listener(struct init *init, int notify_fd) MUST_CHECK;
int init_label_open(struct init *init) MUST_CHECK; /* while the caller's /proc is there */
int init_label(struct init *init) MUST_CHECK;
int init_hooks(struct init *init, enum runtime_hook_kind kind) MUST_CHECK;

/* Notes where the child is and returns @r. */
int init_fail(struct init *init, enum init_stage stage, const char *detail, int r);
