/*
 * A container's root file system as a tree of mounts that is attached nowhere.
 *
 * Theory of operation. A view is the container's root file system as a tree of mounts that is
 * attached nowhere: of a running one its root, its volumes and its tmpfs, taken in its own mount
 * namespace (through a pidfd, so it is that process and no other); of a stopped one its layers
 * merged, with its volumes. Kernel file systems (/proc, /sys, /dev) are no part of it. Devices in a
 * view cannot be opened and nothing in it executed. Closing the view is all there is to undo.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "io/intent.h"

#include <errno.h>
#include <stdbool.h>

enum view_access {
	VIEW_READ,
	VIEW_WRITE, /* of a stopped container: no other operation on it as long as it is open */
};

struct container_view {
	int tree_fd; /* owned */
	bool locked; /* @lock is ours */
	struct intent lock;
};

int container_view_open(struct engine *engine, const struct container *container,
			enum view_access access, struct container_view *ret,
			struct error *err) MUST_CHECK;
void container_view_close(struct container_view *view);
/* Not open: what container_view_close() accepts. */
#define CONTAINER_VIEW_NONE ((struct container_view) {.tree_fd = -EBADF})
#define auto_container_view CLEANUP(container_view_close) struct container_view
