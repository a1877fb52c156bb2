/* kist-runtime update: change the limits of a container that runs. */
#include "cmd/runtime/runtime.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "codec/json.h"
#include "kern/cgroup.h"
#include "runtime/container.h"
#include "runtime/resources.h"
#include "spec/runtime-config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define RESOURCES_MAX (1024 * 1024)

struct update_values {
	const char *resources;
	const char *block_weight;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_idle;
	const char *cpu_rt_period, *cpu_rt_runtime;
	const char *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap;
	const char *kernel_memory, *kernel_memory_tcp;
	const char *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
};

#define FIELD(name) offsetof(struct update_values, name)

static const struct option options[] = {
	{"resources", 'r', OPTION_STRING, FIELD(resources), "file",
	 "linux.resources as in config.json, \"-\" for standard input; other options are ignored"},
	{"blkio-weight", 0, OPTION_STRING, FIELD(block_weight), "10-1000", "Weight of block I/O"},
	{"cpu-period", 0, OPTION_STRING, FIELD(cpu_period), "us", "CFS period"},
	{"cpu-quota", 0, OPTION_STRING, FIELD(cpu_quota), "us", "CFS quota"},
	{"cpu-burst", 0, OPTION_STRING, FIELD(cpu_burst), "us", "CFS burst"},
	{"cpu-share", 0, OPTION_STRING, FIELD(cpu_share), "number", "CPU shares"},
	{"cpu-idle", 0, OPTION_STRING, FIELD(cpu_idle), "0|1", "SCHED_IDLE for the cgroup"},
	{"cpu-rt-period", 0, OPTION_STRING, FIELD(cpu_rt_period), "us", "Realtime period"},
	{"cpu-rt-runtime", 0, OPTION_STRING, FIELD(cpu_rt_runtime), "us", "Realtime runtime"},
	{"cpuset-cpus", 0, OPTION_STRING, FIELD(cpuset_cpus), "list", "CPUs"},
	{"cpuset-mems", 0, OPTION_STRING, FIELD(cpuset_mems), "list", "Memory nodes"},
	{"memory", 0, OPTION_STRING, FIELD(memory), "bytes", "Memory limit; -1: none"},
	{"memory-reservation", 0, OPTION_STRING, FIELD(memory_reservation), "bytes",
	 "Soft memory limit"},
	{"memory-swap", 0, OPTION_STRING, FIELD(memory_swap), "bytes",
	 "Limit of memory and swap together; -1: none"},
	{"kernel-memory", 0, OPTION_STRING, FIELD(kernel_memory), "bytes",
	 "Accepted for compatibility: kernels have no such limit any more"},
	{"kernel-memory-tcp", 0, OPTION_STRING, FIELD(kernel_memory_tcp), "bytes",
	 "Accepted for compatibility: kernels have no such limit any more"},
	{"pids-limit", 0, OPTION_STRING, FIELD(pids_limit), "number", "Processes; -1: no limit"},
	{"l3-cache-schema", 0, OPTION_STRING, FIELD(l3_cache_schema), "schema",
	 "Intel RDT cache allocation"},
	{"mem-bw-schema", 0, OPTION_STRING, FIELD(mem_bw_schema), "schema",
	 "Intel RDT memory bandwidth"},
	{NULL},
};

static int take_number(const char *name, const char *text, struct runtime_i64 *ret,
		       struct error *err)
{
	if (!text || !*text)
		return 0;
	if (parse_i64(text, &ret->value) < 0)
		return error_set(err, ERROR_INVALID, "invalid value for %s: %s is no number", name,
				 text);
	ret->set = true;
	return 0;
}

/* "52428800", "50M", "-1" */
static int take_bytes(const char *name, const char *text, struct runtime_i64 *ret,
		      struct error *err)
{
	uint64_t bytes;

	if (!text || !*text)
		return 0;
	if (STREQ(text, "-1")) {
		*ret = (struct runtime_i64) {.set = true, .value = -1};
		return 0;
	}
	if (parse_bytes(text, &bytes) < 0 || bytes > INT64_MAX)
		return error_set(err, ERROR_INVALID,
				 "invalid value for %s: %s is no number of bytes", name, text);
	*ret = (struct runtime_i64) {.set = true, .value = (int64_t)bytes};
	return 0;
}

static int take_options(const struct update_values *values, struct runtime_resources *res,
			struct error *err)
{
	int r;

	if ((values->l3_cache_schema && *values->l3_cache_schema) ||
	    (values->mem_bw_schema && *values->mem_bw_schema))
		return error_set(err, ERROR_UNSUPPORTED,
				 "Intel RDT: not enabled on this machine: there is no resctrl");
	res->block = mem_new(struct runtime_block);
	r = take_number("blkio-weight", values->block_weight, &res->block->weight, err);
	if (r == 0)
		r = take_number("cpu-period", values->cpu_period, &res->cpu_period, err);
	if (r == 0)
		r = take_number("cpu-quota", values->cpu_quota, &res->cpu_quota, err);
	if (r == 0)
		r = take_number("cpu-burst", values->cpu_burst, &res->cpu_burst, err);
	if (r == 0)
		r = take_number("cpu-share", values->cpu_share, &res->cpu_shares, err);
	if (r == 0)
		r = take_number("cpu-idle", values->cpu_idle, &res->cpu_idle, err);
	if (r == 0)
		r = take_number("cpu-rt-period", values->cpu_rt_period, &res->cpu_realtime_period,
				err);
	if (r == 0)
		r = take_number("cpu-rt-runtime", values->cpu_rt_runtime,
				&res->cpu_realtime_runtime, err);
	if (r == 0)
		r = take_bytes("memory", values->memory, &res->memory_limit, err);
	if (r == 0)
		r = take_bytes("memory-reservation", values->memory_reservation,
			       &res->memory_reservation, err);
	if (r == 0)
		r = take_bytes("memory-swap", values->memory_swap, &res->memory_swap, err);
	if (r == 0)
		r = take_number("pids-limit", values->pids_limit, &res->pids_limit, err);
	res->cpus = values->cpuset_cpus;
	res->mems = values->cpuset_mems;
	return r;
}

static int read_text(const char *path, char **ret, struct error *err)
{
	auto_fd int fd = -EBADF;
	size_t len;
	int r;

	fd = STREQ(path, "-") ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : fd_read_all(fd, RESOURCES_MAX, ret, &len);
	return r < 0 ? error_errno(err, r, "read the resources from %s", path) : 0;
}

static int apply(const struct container *container, const struct runtime_resources *resources,
		 struct error *err)
{
	auto_cgroup cgroup = {0};
	int r;

	if (!container_has_cgroup(container))
		return error_set(err, ERROR_UNSUPPORTED, "container %s has no cgroup of its own",
				 container->id);
	r = cgroup_open(container->cgroup, &cgroup);
	if (r < 0)
		return error_errno(err, r, "open the cgroup of container %s", container->id);
	return resources_apply(&cgroup, resources, err);
}

static int run_update(struct runtime *runtime, const char *id, const struct update_values *values,
		      struct error *err)
{
	CLEANUP(runtime_resources_release) struct runtime_resources resources = {0};
	auto_container container = {.dir_fd = -EBADF};
	auto_json *json = NULL;
	auto_free char *text = NULL;
	int r;

	r = runtime_open(runtime, err);
	if (r == 0)
		r = container_load(runtime->root_fd, id, &container, err);
	if (r < 0)
		return r;
	if (container_status(&container) == CONTAINER_STOPPED)
		return error_set(err, ERROR_CONFLICT, "container not running: %s", id);
	if (!values->resources || !*values->resources) {
		r = take_options(values, &resources, err);
		return r < 0 ? r : apply(&container, &resources, err);
	}
	r = read_text(values->resources, &text, err);
	if (r < 0)
		return r;
	if (json_parse(text, strlen(text), &json, NULL) < 0)
		return error_set(err, ERROR_INVALID, "%s is not valid JSON", values->resources);
	r = runtime_resources_read(json, &resources, err);
	return r < 0 ? r : apply(&container, &resources, err);
}

static int update(const struct invocation *invocation, void *values)
{
	auto_error err = {0};

	if (run_update(invocation->context, invocation->operands[0], values, &err) < 0)
		return runtime_fail(&err, RUNTIME_FAILED);
	return 0;
}

const struct command command_update = {
	.name = "update",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Change the limits of a container",
	.options = options,
	.values_size = sizeof(struct update_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = update,
};
