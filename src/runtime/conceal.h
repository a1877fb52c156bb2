/*
 * --no-pivot: the old root stays below the new one, and with it every proc and sysfs that it has.
 * Whoever may mount in a user namespace of his own gets a new, uncovered /proc as long as such a
 * one is to be seen, so they go first (CVE-2019-19921 is of that family).
 */
#pragma once

#include "base/macro.h"
#include "base/strv.h"

/* The mount points of all proc and sysfs file systems, but for those below @rootfs; deepest last.
 */
int conceal_find(const char *rootfs, struct strv *ret) MUST_CHECK;

/* In the child, in its own mount namespace: takes them away, or covers what cannot be taken. */
int conceal_mounts(char *const *paths) MUST_CHECK;
