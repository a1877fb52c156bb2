/*
 * Root file systems: overlay mounts and read-only clones, from descriptors only.
 *
 * On kernels from 6.13 the layers are given as descriptors (fsconfig FSCONFIG_SET_FD); before that
 * as /proc/self/fd/N in a classic option string, which has room for OVERLAY_LOWER_MAX layers and
 * needs no escaping of whatever their names contain.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

#define OVERLAY_LOWER_MAX 128
#define OVERLAY_WHY_SIZE  256

enum overlay_flags {
	/* No sync on the way (kernel 5.10); what an earlier volatile mount left in the work
	 * directory as a warning is removed first, so a restart works. */
	OVERLAY_VOLATILE = 1 << 0,
};

struct overlay {
	const int *lower; /* topmost first; at least one */
	size_t lower_count;
	int upper; /* -EBADF: a read-only overlay, or a read-only clone of a single layer */
	int work;
	unsigned flags;
};

/* Mounts on the directory @target_fd. @why (OVERLAY_WHY_SIZE bytes) receives what the kernel said
 * of a failure, or "". -E2BIG: more than OVERLAY_LOWER_MAX layers. */
int overlay_mount(const struct overlay *overlay, int target_fd, char *why) MUST_CHECK;

/* The tree at @source_fd, with what is mounted below it, on @target_fd. */
int overlay_bind(int source_fd, int target_fd) MUST_CHECK;
