/*
 * POST /containers/{id}/update, decoded: what is absent, null or zero stays as it is, as Docker has
 * it.
 */
#include "api/docker/body.h"
#include "api/docker/container-decode.h"
#include "api/docker/container-request.h"
#include "api/docker/create-host.h"
#include "base/mem.h"
#include "engine/container/update.h"

#define AT(member) offsetof(struct container_config, member)

static const struct body_member members[] = {
	{"BlkioDeviceReadBps", body_refuse},
	{"BlkioDeviceReadIOps", body_refuse},
	{"BlkioDeviceWriteBps", body_refuse},
	{"BlkioDeviceWriteIOps", body_refuse},
	{"BlkioWeight", body_refuse},
	{"BlkioWeightDevice", body_refuse},
	{"CgroupParent", body_refuse},
	{"CpuPeriod", body_u64, AT(cpu_period)},
	{"CpuQuota", body_i64, AT(cpu_quota)},
	{"CpuRealtimePeriod", body_refuse},
	{"CpuRealtimeRuntime", body_refuse},
	{"CpuShares", body_u64, AT(cpu_shares)},
	{"CpusetCpus", body_text, AT(cpuset_cpus)},
	{"CpusetMems", body_text, AT(cpuset_mems)},
	{"DeviceCgroupRules", body_refuse},
	{"DeviceRequests", body_refuse},
	{"Devices", body_refuse},
	{"KernelMemory", body_refuse},
	{"KernelMemoryTCP", body_refuse},
	{"Memory", body_u64, AT(memory)},
	{"MemoryReservation", body_u64, AT(memory_reservation)},
	{"MemorySwap", body_i64, AT(memory_swap)},
	{"MemorySwappiness", body_refuse},
	{"NanoCpus", body_i64, AT(nano_cpus)},
	{"OomKillDisable", body_refuse},
	{"PidsLimit", body_i64, AT(pids_limit)},
	{"Ulimits", body_refuse},
	{NULL},
};

static unsigned given(const struct container_config *values)
{
	return (values->cpu_period ? UPDATE_CPU_PERIOD : 0) |
	       (values->cpu_quota ? UPDATE_CPU_QUOTA : 0) |
	       (values->cpu_shares ? UPDATE_CPU_SHARES : 0) |
	       (values->cpuset_cpus ? UPDATE_CPUSET_CPUS : 0) |
	       (values->cpuset_mems ? UPDATE_CPUSET_MEMS : 0) |
	       (values->memory ? UPDATE_MEMORY : 0) |
	       (values->memory_reservation ? UPDATE_MEMORY_RESERVATION : 0) |
	       (values->memory_swap ? UPDATE_MEMORY_SWAP : 0) |
	       (values->nano_cpus ? UPDATE_NANO_CPUS : 0) |
	       (values->pids_limit ? UPDATE_PIDS_LIMIT : 0);
}

int decode_container_update(const struct request *request, void *values, struct error *err)
{
	const struct json *policy = body_get(request->body, "RestartPolicy");
	const char *kind = json_string(body_get(policy, "Name"));
	struct container_update_request *wanted = values;
	int r;

	wanted->name = mem_strdup(request->arguments[0]);
	r = body_read(request->body, members, &wanted->values, err);
	if (r < 0)
		return r;
	wanted->fields = given(&wanted->values);
	if (!kind || !*kind)
		return 0;
	wanted->fields |= UPDATE_RESTART;
	r = create_restart_policy(policy, &wanted->values.restart, err);
	return r < 0 ? error_prefix(err, "RestartPolicy") : 0;
}
