/*
 * Which device nodes a cgroup may use: lists on v1, an eBPF program on v2 (cgroup_device, 4.15).
 */
#pragma once

#include "base/macro.h"
#include "kern/cgroup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cgroup_device_access {
	CGROUP_DEVICE_MKNOD = 1 << 0, /* BPF_DEVCG_ACC_* */
	CGROUP_DEVICE_READ = 1 << 1,
	CGROUP_DEVICE_WRITE = 1 << 2,
	CGROUP_DEVICE_ALL = 7,
};

struct cgroup_device_rule {
	bool allow;
	char type;	      /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: all */
	unsigned access;      /* enum cgroup_device_access */
};

/*
 * Applies @rules in order, later ones over earlier ones; what none matches is refused if the first
 * rule refuses everything or nothing is said. Returns -E2BIG for more rules than a program holds.
 */
int cgroup_device_apply(const struct cgroup *cgroup, const struct cgroup_device_rule *rules,
			size_t count) MUST_CHECK;
