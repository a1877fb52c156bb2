/*
 * How the calling thread is scheduled: CPU, I/O and memory nodes. Inherited by what it executes.
 *
 * Returns 0 or -errno.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>
#include <stdint.h>

struct scheduling {
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period;
};

/* sched_setattr(2) */
int scheduling_set(const struct scheduling *scheduling) MUST_CHECK;
/* ioprio_set(2); @class is IOPRIO_CLASS_* */
int scheduling_set_io(int class, int priority) MUST_CHECK;
/* sched_setaffinity(2); @size in bytes */
int scheduling_set_cpus(const unsigned long *bits, size_t size) MUST_CHECK;
/* set_mempolicy(2); @mode with its flags, @nodes may be NULL */
int scheduling_set_memory(unsigned mode, const unsigned long *nodes, size_t size) MUST_CHECK;
