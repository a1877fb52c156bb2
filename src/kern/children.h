/*
 * All children of the calling process at once: for a subreaper that ends what it has started.
 */
#pragma once

#include "base/macro.h"

/* Sends @signal to each child of the calling thread. Returns how many there were, or -errno
 * (-ENOENT: a kernel without CONFIG_PROC_CHILDREN). */
int children_signal(int signal) MUST_CHECK;
