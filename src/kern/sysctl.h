/*
 * Kernel settings below /proc/sys. Those of net/ are the ones of the caller's network namespace.
 */
#pragma once

#include "base/macro.h"

/*
 * Makes the setting @path ("net/ipv4/ip_forward") read @value, and writes only if it does not, so
 * that a read-only /proc/sys that is already right is no obstacle. 1 if it was changed, 0 if not,
 * -ENOENT if the kernel has no such setting, or another -errno.
 */
int sysctl_set(const char *path, const char *value) MUST_CHECK;

/* Writes without looking first: one system call less where the value is known to be another. */
int sysctl_write(const char *path, const char *value) MUST_CHECK;
