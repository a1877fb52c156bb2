/*
 * Being told when a cgroup runs out of memory: v1 by an eventfd (memory.oom_control and
 * cgroup.event_control), v2 by memory.events, which polls ready when it changes.
 *
 * Returns 0, >= 0 or -errno.
 */
#pragma once

#include "base/macro.h"
#include "kern/cgroup.h"

#include <poll.h>
#include <stdint.h>

struct cgroup_oom {
	int event_fd;	/* owned; v1 */
	int control_fd; /* owned: memory.oom_control, memory.events */
	uint64_t count; /* v2: kills that are known */
};

#define CGROUP_OOM_CLOSED ((struct cgroup_oom) {.event_fd = -EBADF, .control_fd = -EBADF})
#define auto_cgroup_oom	  CLEANUP(cgroup_oom_close) struct cgroup_oom

int cgroup_oom_open(const struct cgroup *cgroup, struct cgroup_oom *ret) MUST_CHECK;
void cgroup_oom_close(struct cgroup_oom *oom);

/* What to wait for. */
void cgroup_oom_poll(const struct cgroup_oom *oom, struct pollfd *ret);
/* After that: 1 if it was out of memory since the last time, 0 if not (the cgroup was removed). */
int cgroup_oom_read(struct cgroup_oom *oom, const struct cgroup *cgroup) MUST_CHECK;
