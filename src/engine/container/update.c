#include "engine/container/update.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "engine/container/create.h"
#include "engine/container/operation.h"
#include "engine/event.h"
#include "engine/host-limits.h"
#include "engine/runtime-call.h"
#include "engine/spec-gen.h"
#include "kern/cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CPU_PERIOD	  100000
#define CPU_NANO	  INT64_C(1000000000)

#define UPDATE_MEMORY_ALL (UPDATE_MEMORY | UPDATE_MEMORY_SWAP | UPDATE_MEMORY_RESERVATION)
#define UPDATE_CPU_ALL                                                                 \
	(UPDATE_NANO_CPUS | UPDATE_CPU_SHARES | UPDATE_CPU_PERIOD | UPDATE_CPU_QUOTA | \
	 UPDATE_CPUSET_CPUS | UPDATE_CPUSET_MEMS)

/* What may change of a configuration. */
struct limits {
	uint64_t memory, memory_reservation, cpu_shares, cpu_period;
	int64_t memory_swap, nano_cpus, cpu_quota, pids_limit;
	char *cpuset_cpus, *cpuset_mems;
	struct restart_policy restart;
};

static struct limits limits_of(const struct container_config *config)
{
	return (struct limits) {
		.memory = config->memory,
		.memory_reservation = config->memory_reservation,
		.cpu_shares = config->cpu_shares,
		.cpu_period = config->cpu_period,
		.memory_swap = config->memory_swap,
		.nano_cpus = config->nano_cpus,
		.cpu_quota = config->cpu_quota,
		.pids_limit = config->pids_limit,
		.cpuset_cpus = mem_strdup(config->cpuset_cpus),
		.cpuset_mems = mem_strdup(config->cpuset_mems),
		.restart = config->restart,
	};
}

static void limits_release(struct limits *limits)
{
	mem_freep(&limits->cpuset_cpus);
	mem_freep(&limits->cpuset_mems);
}

static void put_text(char **to, const char *text)
{
	mem_freep(to);
	*to = mem_strdup(text);
}

static void put_limits(struct container_config *config, const struct limits *limits)
{
	config->memory = limits->memory;
	config->memory_reservation = limits->memory_reservation;
	config->cpu_shares = limits->cpu_shares;
	config->cpu_period = limits->cpu_period;
	config->memory_swap = limits->memory_swap;
	config->nano_cpus = limits->nano_cpus;
	config->cpu_quota = limits->cpu_quota;
	config->pids_limit = limits->pids_limit;
	put_text(&config->cpuset_cpus, limits->cpuset_cpus);
	put_text(&config->cpuset_mems, limits->cpuset_mems);
	config->restart = limits->restart;
}

/* The limit of swap in force: what is not said is twice the memory. */
static int64_t effective_swap(const struct container_config *config)
{
	int64_t memory = (int64_t)config->memory;

	if (memory == 0 || config->memory_swap != 0)
		return config->memory_swap;
	return memory > INT64_MAX / 2 ? -1 : 2 * memory;
}

/* What goes with what the container has. In Docker's words. */
static int check_against(const struct container_config *config, unsigned fields,
			 const struct container_config *values, struct error *err)
{
	int64_t swap = effective_swap(config);

	if (config->nano_cpus > 0 && fields & UPDATE_CPU_PERIOD && values->cpu_period)
		return error_set(
			err, ERROR_CONFLICT,
			"Conflicting options: CPU Period cannot be updated as NanoCPUs has "
			"already been set");
	if (config->nano_cpus > 0 && fields & UPDATE_CPU_QUOTA && values->cpu_quota)
		return error_set(err, ERROR_CONFLICT,
				 "Conflicting options: CPU Quota cannot be updated as NanoCPUs has "
				 "already been set");
	if (fields & UPDATE_NANO_CPUS && values->nano_cpus && config->cpu_quota)
		return error_set(
			err, ERROR_CONFLICT,
			"Conflicting options: Nano CPUs cannot be updated as CPU Quota has "
			"already been set");
	if (fields & UPDATE_NANO_CPUS && values->nano_cpus && config->cpu_period)
		return error_set(
			err, ERROR_CONFLICT,
			"Conflicting options: Nano CPUs cannot be updated as CPU Period has "
			"already been set");
	if (fields & UPDATE_MEMORY && !(fields & UPDATE_MEMORY_SWAP) && swap > 0 &&
	    (int64_t)values->memory > swap)
		return error_set(
			err, ERROR_CONFLICT,
			"Memory limit should be smaller than already set memoryswap limit, "
			"update the memoryswap at the same time");
	if (fields & UPDATE_RESTART && values->restart.kind != RESTART_NO && config->auto_remove)
		return error_set(
			err, ERROR_CONFLICT,
			"Restart policy cannot be updated because AutoRemove is enabled for "
			"the container");
	return 0;
}

/* The fields of @values into @limits. The swap limit stays what it was when the memory changes. */
static void merge(struct limits *limits, const struct container_config *config, unsigned fields,
		  const struct container_config *values)
{
	if (fields & UPDATE_MEMORY) {
		limits->memory_swap = effective_swap(config);
		limits->memory = values->memory;
	}
	if (fields & UPDATE_MEMORY_SWAP)
		limits->memory_swap = values->memory_swap;
	if (fields & UPDATE_MEMORY_RESERVATION)
		limits->memory_reservation = values->memory_reservation;
	if (fields & UPDATE_NANO_CPUS)
		limits->nano_cpus = values->nano_cpus;
	if (fields & UPDATE_CPU_SHARES)
		limits->cpu_shares = values->cpu_shares;
	if (fields & UPDATE_CPU_PERIOD)
		limits->cpu_period = values->cpu_period;
	if (fields & UPDATE_CPU_QUOTA)
		limits->cpu_quota = values->cpu_quota;
	if (fields & UPDATE_CPUSET_CPUS)
		put_text(&limits->cpuset_cpus, values->cpuset_cpus);
	if (fields & UPDATE_CPUSET_MEMS)
		put_text(&limits->cpuset_mems, values->cpuset_mems);
	if (fields & UPDATE_PIDS_LIMIT)
		limits->pids_limit = values->pids_limit;
	if (fields & UPDATE_RESTART)
		limits->restart = values->restart;
}

static void write_memory(struct json_writer *w, const struct container_config *config,
			 unsigned fields, bool swap_limit)
{
	int64_t swap = effective_swap(config);

	json_object_begin(w, "memory");
	if (fields & UPDATE_MEMORY)
		json_write_i64(w, "limit", config->memory ? (int64_t)config->memory : -1);
	if (fields & (UPDATE_MEMORY | UPDATE_MEMORY_SWAP) && swap_limit && swap != 0)
		json_write_i64(w, "swap", swap);
	if (fields & UPDATE_MEMORY_RESERVATION)
		json_write_u64(w, "reservation", config->memory_reservation);
	json_end(w);
}

static void write_cpu(struct json_writer *w, const struct container_config *config, unsigned fields)
{
	json_object_begin(w, "cpu");
	if (fields & UPDATE_CPU_SHARES)
		json_write_u64(w, "shares", config->cpu_shares);
	if (fields & UPDATE_NANO_CPUS) {
		json_write_u64(w, "period", CPU_PERIOD);
		json_write_i64(w, "quota",
			       config->nano_cpus == 0 ? -1
						      : config->nano_cpus / CPU_NANO * CPU_PERIOD +
								config->nano_cpus % CPU_NANO *
									CPU_PERIOD / CPU_NANO);
	}
	if (fields & UPDATE_CPU_PERIOD && config->cpu_period)
		json_write_u64(w, "period", config->cpu_period);
	if (fields & UPDATE_CPU_QUOTA && config->cpu_quota)
		json_write_i64(w, "quota", config->cpu_quota);
	if (fields & UPDATE_CPUSET_CPUS && config->cpuset_cpus)
		json_write_string(w, "cpus", config->cpuset_cpus);
	if (fields & UPDATE_CPUSET_MEMS && config->cpuset_mems)
		json_write_string(w, "mems", config->cpuset_mems);
	json_end(w);
}

/* OCI linux.resources of what has changed. */
static void write_resources(struct str *out, const struct container_config *config,
			    const char *cgroup_path, unsigned fields)
{
	auto_cgroup cgroup = {0};
	char text[32];
	bool swap_limit;
	struct json_writer w;

	/* Whether this machine can limit swap: v2 can wherever the kernel knows it. */
	swap_limit = cgroup_open(cgroup_path, &cgroup) == 0 &&
		     (cgroup.v2 || cgroup_read(&cgroup, "memory", "memory.memsw.limit_in_bytes",
					       text, sizeof(text)) >= 0);
	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	if (fields & UPDATE_MEMORY_ALL)
		write_memory(&w, config, fields, swap_limit);
	if (fields & UPDATE_CPU_ALL)
		write_cpu(&w, config, fields);
	if (fields & UPDATE_PIDS_LIMIT) {
		json_object_begin(&w, "pids");
		json_write_i64(&w, "limit", config->pids_limit > 0 ? config->pids_limit : -1);
		json_end(&w);
	}
	json_end(&w);
}

static int put_in_force(struct engine *engine, const struct container *container, unsigned fields,
			struct error *err)
{
	const char *const arguments[] = {"update", "--resources", "-", NULL};
	auto_fd int fd = memfd_create("resources", MFD_CLOEXEC);
	auto_free char *path = spec_cgroup_path(engine, container);
	auto_str text = {0};
	int r;

	write_resources(&text, &container->config, path, fields);
	r = fd < 0 ? -errno : fd_write_full(fd, text.data, text.len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return error_errno(err, r, "write down the limits");
	return runtime_call(engine, container, arguments, fd, err);
}

/* Under the intent. On record first: what a start finds is never less than what is in force. */
static int update(struct engine *engine, struct container *container, unsigned fields,
		  const struct container_config *values, struct strv *warnings, struct error *err)
{
	CLEANUP(limits_release) struct limits before = limits_of(&container->config);
	CLEANUP(limits_release) struct limits after = limits_of(&container->config);
	unsigned limited = fields & ~(unsigned)UPDATE_RESTART;
	int r;

	r = check_against(&container->config, fields, values, err);
	if (r < 0)
		return r;
	merge(&after, &container->config, fields, values);
	put_limits(&container->config, &after);
	r = container_config_check(&container->config, err);
	if (r == 0)
		r = host_limits_adapt(&container->config, warnings, err);
	if (r == 0)
		r = container_record_save(engine, container, err);
	if (r == 0 && limited && container->state == CONTAINER_RUNNING) {
		r = put_in_force(engine, container, limited, err);
		if (r < 0) {
			put_limits(&container->config, &before);
			(void)!container_record_save(engine, container, NULL);
		}
	}
	if (r < 0) {
		put_limits(&container->config, &before);
		return r;
	}
	event_container(engine, container, "update", NULL, 0);
	return 0;
}

int container_update(struct engine *engine, struct container *container, unsigned fields,
		     const struct container_config *values, struct strv *warnings,
		     struct error *err)
{
	struct intent intent;
	int r;

	r = container_operation_begin(engine, container->id, UNDO_CLEAN, NULL, &intent, err);
	if (r < 0)
		return r;
	r = container_refresh(engine, container, err);
	if (r == 0)
		r = update(engine, container, fields, values, warnings, err);
	intent_end(&intent);
	return r < 0 ? error_prefix(err, "Cannot update container %s", container->name) : 0;
}
