/*
 * Control groups by relative path ("kist/<id>"), the same for v1, hybrid and v2.
 *
 * A struct cgroup is one path in every hierarchy that is mounted below /sys/fs/cgroup: one on pure
 * v2, one per controller (and the unified one, if it is there) otherwise. The directories of the
 * hierarchies are recognised by their file system's magic, and named after their folder, as every
 * distribution mounts them ("memory", "cpu,cpuacct", "systemd"). A cgroup's path never changes, so
 * files are opened by path below the hierarchy's descriptor: cgroup file systems have no symlinks.
 *
 * Returns 0, >= 0 or -errno.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_HIERARCHIES_MAX 20
#define CGROUP_PATH_SIZE       1024
#define CGROUP_NAME_SIZE       48

struct cgroup_hierarchy {
	int fd; /* owned: the root of the mount */
	bool unified;
	char name[CGROUP_NAME_SIZE]; /* "memory"; "" for the unified one */
};

struct cgroup {
	bool v2; /* the unified hierarchy is the only one */
	size_t n;
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	char path[CGROUP_PATH_SIZE]; /* relative to each root, without leading slash */
};

#define auto_cgroup CLEANUP(cgroup_release) struct cgroup

/* Finds the hierarchies; the cgroup itself need not exist. A leading '/' of @path is dropped.
 * -EINVAL for an empty path or one with "." or ".." in it, -ENOENT if no cgroup file system is
 * mounted. */
int cgroup_open(const char *path, struct cgroup *ret) MUST_CHECK;
void cgroup_release(struct cgroup *cgroup);

/* Whether it exists in any hierarchy. */
bool cgroup_exists(const struct cgroup *cgroup);

/*
 * Makes it, and its parents, in every hierarchy; there already is fine (*@ret_existed, if asked
 * for, says so). Others may be removing empty parents meanwhile. v2: hands the controllers down;
 * v1: cpuset inherits its parent's CPUs and memory nodes.
 */
int cgroup_create(const struct cgroup *cgroup, bool *ret_existed) MUST_CHECK;

/* Moves a process into it in all hierarchies; @pid 0 is the caller, which has one thread. With
 * @skip_unified the unified hierarchy is left out (clone3 put the process there). */
int cgroup_join(const struct cgroup *cgroup, pid_t pid, bool skip_unified) MUST_CHECK;

/*
 * Moves the caller, which has one thread, from the cgroup of a systemd unit (a service, a session's
 * scope) into the root: whoever stops the unit, or logs out, does not mean it. Elsewhere nothing
 * happens. May take milliseconds.
 */
int cgroup_leave_unit(void) MUST_CHECK;

/* A descriptor of its directory in the unified hierarchy, for CLONE_INTO_CGROUP; -ENOENT if there
 * is no such hierarchy. */
int cgroup_unified_fd(const struct cgroup *cgroup) MUST_CHECK;

/* Whether a hierarchy has @controller: a v1 one by name, v2 by cgroup.controllers of the root. */
bool cgroup_has(const struct cgroup *cgroup, const char *controller);

/* Writes or reads one file of it. @controller picks the hierarchy on v1 and is ignored on v2; ""
 * is the unified one. -ENODEV: this machine has no such controller; -ENOENT: no such file. */
int cgroup_write(const struct cgroup *cgroup, const char *controller, const char *file,
		 const char *text) MUST_CHECK;
int cgroup_read(const struct cgroup *cgroup, const char *controller, const char *file, char *buf,
		size_t size) MUST_CHECK;

/* Opens one file of it; as for writing and reading. */
int cgroup_open_file(const struct cgroup *cgroup, const char *controller, const char *file,
		     int flags) MUST_CHECK;

/* Calls @each for every process in it and below it until it returns non-zero; returns that, or 0.
 * None if it does not exist. */
int cgroup_pids(const struct cgroup *cgroup, int (*each)(pid_t pid, void *arg),
		void *arg) MUST_CHECK;

/*
 * Sends SIGKILL to every process in it and below it: cgroup.kill (5.14) where there is one,
 * otherwise with the freezer holding them still, so that none can fork away and no process id is
 * used again meanwhile. Returns when all have been told, not when they are gone.
 */
int cgroup_kill_all(const struct cgroup *cgroup) MUST_CHECK;

/* How often the kernel killed in it for lack of memory; 0 if it does not exist or nobody counts. */
int cgroup_oom_count(const struct cgroup *cgroup, uint64_t *ret) MUST_CHECK;

/* Stops or continues all processes in it and below it; returns when they are stopped (-EBUSY after
 * a second). */
int cgroup_freeze(const struct cgroup *cgroup, bool frozen) MUST_CHECK;
/* 1, 0, or -errno. */
int cgroup_frozen(const struct cgroup *cgroup) MUST_CHECK;

/* Whether its directory in the hierarchy of @controller is the hierarchy's own root, where a limit
 * or a rule would be everybody's. 1, 0, or -errno: -ENODEV, -ENOENT. */
int cgroup_is_root(const struct cgroup *cgroup, const char *controller) MUST_CHECK;

/* Removes it and what is below it everywhere, waiting up to @timeout_ms for processes that are
 * about to end. 0 also if it was not there; -EBUSY if processes live on. Parents stay. */
int cgroup_remove(const struct cgroup *cgroup, unsigned timeout_ms) MUST_CHECK;

/* Removes the cgroup that it is in, wherever that one is empty. */
void cgroup_remove_parent(const struct cgroup *cgroup);
