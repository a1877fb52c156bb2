/* The part of the child that decides how its process is run: priorities, CPUs, memory nodes,
 * clocks. */
#include "runtime/init.h"

#include "base/fd.h"
#include "kern/procfs.h"
#include "kern/resolve.h"
#include "kern/scheduling.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

static int set_scheduler(struct init *init)
{
	const struct runtime_scheduler *from = &init->process->scheduler;
	struct scheduling scheduling = {
		.policy = from->policy,
		.nice = from->nice,
		.priority = from->priority,
		.flags = from->flags,
		.runtime = from->runtime,
		.deadline = from->deadline,
		.period = from->period,
	};
	int r = from->set ? scheduling_set(&scheduling) : 0;

	return r < 0 ? init_fail(init, INIT_SCHEDULING, "scheduler", r) : 0;
}

static int set_io_priority(struct init *init)
{
	const struct runtime_io_priority *priority = &init->process->io_priority;
	int r = priority->set ? scheduling_set_io(priority->class, priority->priority) : 0;

	return r < 0 ? init_fail(init, INIT_SCHEDULING, "I/O priority", r) : 0;
}

static int set_affinity(struct init *init)
{
	const struct runtime_bits *bits = init->process->affinity_final;
	int r;

	/* Of exec alone (OCI runtime 1.2, "execCPUAffinity"). */
	if (init->config || !bits)
		return 0;
	r = scheduling_set_cpus(bits->word, sizeof(bits->word));
	return r < 0 ? init_fail(init, INIT_SCHEDULING, "CPU affinity", r) : 0;
}

static int set_memory_policy(struct init *init)
{
	const struct runtime_memory_policy *policy = init->memory_policy;
	const struct runtime_bits *nodes;
	int r;

	if (!policy || !policy->set)
		return 0;
	nodes = policy->nodes;
	r = scheduling_set_memory(policy->mode, nodes ? nodes->word : NULL, sizeof(nodes->word));
	return r < 0 ? init_fail(init, INIT_SCHEDULING, "memory policy", r) : 0;
}

static int set_personality(struct init *init)
{
	if (init->has_personality && personality(init->personality) < 0)
		return init_fail(init, INIT_SCHEDULING, "personality", -errno);
	return 0;
}

int init_scheduling(struct init *init)
{
	int r = set_scheduler(init);

	if (r == 0)
		r = set_io_priority(init);
	if (r == 0)
		r = set_affinity(init);
	if (r == 0)
		r = set_memory_policy(init);
	return r < 0 ? r : set_personality(init);
}

static int write_offsets(struct init *init, int proc_fd)
{
	const struct runtime_time_offset *monotonic = &init->config->monotonic;
	const struct runtime_time_offset *boottime = &init->config->boottime;
	auto_fd int fd = -EBADF;
	size_t len = 0;

	if (monotonic->set)
		len += (size_t)snprintf(init->path, sizeof(init->path),
					"monotonic %" PRId64 " %" PRIu32 "\n", monotonic->seconds,
					monotonic->nanoseconds);
	if (boottime->set)
		len += (size_t)snprintf(init->path + len, sizeof(init->path) - len,
					"boottime %" PRId64 " %" PRIu32 "\n", boottime->seconds,
					boottime->nanoseconds);
	if (len == 0)
		return 0;
	fd = resolve_open(proc_fd, "self/timens_offsets", O_WRONLY);
	return fd < 0 ? fd : fd_write_full(fd, init->path, len);
}

static int make_time_namespace(struct init *init)
{
	auto_fd int proc_fd = procfs_open(), fd = -EBADF;
	int r;

	if (proc_fd < 0)
		return proc_fd;
	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	r = write_offsets(init, proc_fd);
	if (r < 0)
		return r;
	/* What it made is for its children; it enters it itself as well. */
	fd = openat(proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return setns(fd, CLONE_NEWTIME) < 0 ? -errno : 0;
}

int init_time_namespace(struct init *init)
{
	const struct runtime_namespace *time = &init->config->namespaces[RUNTIME_NAMESPACE_TIME];
	int r, ignored;

	if (!time->present || time->path)
		return 0;
	/* Our own files in /proc are root's while we are not dumpable; we are in nobody's reach
	 * yet, and this memory is ours alone (init->own_memory). */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return init_fail(init, INIT_TIME, NULL, -errno);
	r = make_time_namespace(init);
	ignored = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)ignored;
	return r < 0 ? init_fail(init, INIT_TIME, NULL, r) : 0;
}
