/*
 * The attacker: right before a system call, a component of a path that it names becomes a symlink
 * to a decoy outside. Whoever follows it opens, reads, changes or mounts on the decoy, and that is
 * seen (inotify; mountinfo for mounts).
 *
 * Only what an attacker could hold is replaced: what lies below the folder given as --below (a
 * root file system, a volume), and any overlay, which here is the root of a container.
 */
#pragma once

#include "calls.h"

#include <stdint.h>
#include <sys/types.h>

struct swap {
	int below_fd;	   /* owned; -EBADF: overlays only */
	const char *decoy; /* absolute */
	int inotify_fd;	   /* owned; -EBADF until the decoy is watched */
	char mounted[256]; /* a line of mountinfo that names the decoy, or "" */
};

/* @below may be NULL. Makes the folder @decoy if it is missing. */
int swap_init(struct swap *swap, const char *below, const char *decoy);
void swap_release(struct swap *swap);

/* "0:1,0:2,1:0": the components that can be replaced, as path:component; "" if there are none. */
void swap_candidates(const struct swap *swap, pid_t pid, const struct call *call,
		     const uint64_t *args, char *ret, size_t size);

/* Replaces that component, and watches the decoy from now on. 0, or -errno. */
int swap_do(struct swap *swap, pid_t pid, const struct call *call, const uint64_t *args,
	    unsigned path, unsigned component);

/* @pid has changed what is mounted: looks for the decoy there. */
void swap_check_mounts(struct swap *swap, pid_t pid);

/* What happened to the decoy, one word an event; "" if nothing did. */
void swap_events(struct swap *swap, char *ret, size_t size);
