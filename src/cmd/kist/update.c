/*
 * kist update: other limits, and another restart policy, for containers.
 */
#include "engine/container/update.h"
#include "base/mem.h"
#include "cmd/kist/container-options.h"
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"

#include <stddef.h>
#include <stdio.h>

struct update {
	unsigned fields;
	struct container_config values;
};

/* clang-format off */
static const struct option options[] = {
	CONTAINER_OPTION(0, OPTION_STRING, "cpu-period", cpu_period, "int",
			 "Limit CPU CFS (Completely Fair Scheduler) period"),
	CONTAINER_OPTION(0, OPTION_STRING, "cpu-quota", cpu_quota, "int",
			 "Limit CPU CFS (Completely Fair Scheduler) quota"),
	CONTAINER_OPTION('c', OPTION_STRING, "cpu-shares", cpu_shares, "int",
			 "CPU shares (relative weight)"),
	CONTAINER_OPTION(0, OPTION_STRING, "cpus", cpus, "decimal", "Number of CPUs"),
	CONTAINER_OPTION(0, OPTION_STRING, "cpuset-cpus", cpuset_cpus, "string",
			 "CPUs in which to allow execution (0-3, 0,1)"),
	CONTAINER_OPTION(0, OPTION_STRING, "cpuset-mems", cpuset_mems, "string",
			 "MEMs in which to allow execution (0-3, 0,1)"),
	CONTAINER_OPTION('m', OPTION_STRING, "memory", memory, "bytes", "Memory limit"),
	CONTAINER_OPTION(0, OPTION_STRING, "memory-reservation", memory_reservation, "bytes",
			 "Memory soft limit"),
	CONTAINER_OPTION(0, OPTION_STRING, "memory-swap", memory_swap, "bytes",
			 "Swap limit equal to memory plus swap: -1 to enable unlimited swap"),
	CONTAINER_OPTION(0, OPTION_STRING, "pids-limit", pids_limit, "int",
			 "Tune container pids limit (set -1 for unlimited)"),
	CONTAINER_OPTION(0, OPTION_STRING, "restart", restart, "string",
			 "Restart policy to apply when a container exits"),
	{NULL},
};
/* clang-format on */

static unsigned given(const struct container_options *values)
{
	const struct {
		const char *text;
		enum update_field field;
	} fields[] = {
		{values->cpu_period, UPDATE_CPU_PERIOD},
		{values->cpu_quota, UPDATE_CPU_QUOTA},
		{values->cpu_shares, UPDATE_CPU_SHARES},
		{values->cpus, UPDATE_NANO_CPUS},
		{values->cpuset_cpus, UPDATE_CPUSET_CPUS},
		{values->cpuset_mems, UPDATE_CPUSET_MEMS},
		{values->memory, UPDATE_MEMORY},
		{values->memory_swap, UPDATE_MEMORY_SWAP},
		{values->pids_limit, UPDATE_PIDS_LIMIT},
		{values->restart, UPDATE_RESTART},
		{values->memory_reservation, UPDATE_MEMORY_RESERVATION},
	};
	unsigned result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		result |= fields[i].text ? (unsigned)fields[i].field : 0;
	return result;
}

static int update_one(struct engine *engine, struct container *container, void *arg,
		      struct error *err)
{
	struct update *update = arg;
	auto_strv warnings = {0};
	int r;

	r = container_update(engine, container, update->fields, &update->values, &warnings, err);
	for (size_t i = 0; i < warnings.n; i++)
		kist_say("WARNING: ", warnings.v[i]);
	return r;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct container_options *values = data;
	char *image[] = {(char *)(uintptr_t) "none"};
	struct update update = {.fields = given(values)};
	auto_error err = {0};
	int status;

	if (update.fields == 0)
		(void)error_set(&err, ERROR_INVALID,
				"you must provide one or more flags when using this command");
	else
		(void)!container_options_config(values, image, 1, &update.values, &err);
	if (err.kind != ERROR_NONE)
		status = kist_fail(&err);
	else
		status = containers_each(invocation, true, update_one, &update);
	container_config_release(&update.values);
	return status;
}

const struct command command_update = {
	.name = "update",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Update configuration of one or more containers",
	.options = options,
	.values_size = sizeof(struct container_options),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};
