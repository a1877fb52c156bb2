/*
 * Network namespaces as descriptors: made without a new process, never pinned in the file system.
 *
 * The kernel destroys a namespace when its last process and its last descriptor are gone, so a
 * killed owner leaves nothing.
 */
#pragma once

#include "base/macro.h"

/*
 * Makes a network namespace, runs @inside (may be NULL) in it, and returns to the one it came from.
 * Sockets that @inside opens stay in the new namespace. For callers with a single thread; when the
 * way back is refused the process ends, for it must not go on elsewhere.
 *
 * Returns the namespace's descriptor, or -errno, also of @inside.
 */
int netns_new(int (*inside)(void *arg), void *arg) MUST_CHECK;

/* The way back to @home_fd, from a moment elsewhere. Tries again while the kernel is short of
 * memory, and ends the process rather than stay where it must not act. */
void netns_return(int home_fd);

/* The namespace that the caller is in. Returns its descriptor or -errno. */
int netns_current(void) MUST_CHECK;
