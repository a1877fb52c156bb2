/*
 * The container's root file system, in a mount namespace that nobody else sees.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "monitor/monitor.h"

/* The namespace that the monitor was started in, and its root directory there (an engine may run
 * under chroot). */
struct rootfs {
	int namespace_fd; /* owned; -EBADF: we are there */
	int root_fd;	  /* owned */
};

/* Enters a new mount namespace and mounts the overlay, or binds --rootfs, on <bundle>/rootfs. */
int rootfs_mount(struct rootfs *rootfs, const struct monitor_options *options,
		 struct error *err) MUST_CHECK;

/* Goes back. What was mounted stays with those who have the namespace, or a copy of it. */
void rootfs_leave(struct rootfs *rootfs);
