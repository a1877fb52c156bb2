#include "kern/scheduling.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

int scheduling_set(const struct scheduling *scheduling)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = scheduling->policy,
		.sched_flags = scheduling->flags,
		.sched_nice = scheduling->nice,
		.sched_priority = scheduling->priority,
		.sched_runtime = scheduling->runtime,
		.sched_deadline = scheduling->deadline,
		.sched_period = scheduling->period,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0) < 0 ? -errno : 0;
}

int scheduling_set_io(int class, int priority)
{
	long value = IOPRIO_PRIO_VALUE(class, priority);

	return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0 ? -errno : 0;
}

int scheduling_set_cpus(const unsigned long *bits, size_t size)
{
	return syscall(SYS_sched_setaffinity, 0, size, bits) < 0 ? -errno : 0;
}

int scheduling_set_memory(unsigned mode, const unsigned long *nodes, size_t size)
{
	/* The kernel takes one bit less than it is told of. */
	unsigned long max = nodes ? 8 * size + 1 : 0;

	return syscall(SYS_set_mempolicy, (int)mode, nodes, max) < 0 ? -errno : 0;
}
