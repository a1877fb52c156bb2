/*
 * Sockets that are held open for a container: few as descriptors, many as one.
 *
 * Whoever looks at a listening port (`ss -ltnp`) should see the monitor that holds it, so up to
 * HOLD_PLAIN_MAX sockets stay what they are. More would be more than a child can be given, and in
 * the end more than a process may have open: they are sent, as descriptors, into a unix socket that
 * nobody reads. They live in its queue, and end with it.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

#define HOLD_PLAIN_MAX	16
#define HOLD_PER_PACKET 128 /* the kernel takes 253 */

struct hold {
	int *fds; /* owned, as what they stand for is */
	size_t count;
	size_t size; /* of @fds */
	int feed;    /* owned: the other end of the socket whose queue it is; -EBADF while plain */
};

#define HOLD_EMPTY ((struct hold) {.feed = -EBADF})
#define auto_hold  CLEANUP(hold_release) struct hold

/* Prepares for @expected sockets. 0 or -errno. */
int hold_init(struct hold *hold, size_t expected) MUST_CHECK;
/* Takes @fd, also if it fails. */
int hold_add(struct hold *hold, int fd) MUST_CHECK;
/* After the last one: what is left in *@hold.fds is all that needs to be kept. */
int hold_finish(struct hold *hold) MUST_CHECK;
void hold_release(struct hold *hold);
