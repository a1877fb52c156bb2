/*
 * HostConfig of a container's document: what was asked of the machine when it was created.
 */
#include "api/docker/document.h"
#include "api/docker/ports.h"
#include "base/mem.h"
#include "engine/container/isolation.h"
#include "spec/defaults.h"

#include <string.h>

static void write_binds(struct json_writer *w, const struct container_config *config)
{
	auto_strv binds = {0};

	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];

		if (mount->kind != MOUNT_TMPFS && mount->source && !mount->anonymous)
			strv_add_format(&binds, "%s:%s%s", mount->source, mount->target,
					mount->read_only ? ":ro" : "");
	}
	document_list(w, "Binds", &binds);
}

static void write_tmpfs(struct json_writer *w, const struct container_config *config)
{
	json_object_begin(w, "Tmpfs");
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].kind == MOUNT_TMPFS)
			json_write_string(w, config->mounts[i].target,
					  config->mounts[i].options ? config->mounts[i].options
								    : "");
	json_end(w);
}

static void write_text(struct json_writer *w, const char *key, const char *text)
{
	json_write_string(w, key, text ? text : "");
}

/* Never null, where Docker has an empty list. */
static void write_strings(struct json_writer *w, const char *key, const struct strv *list)
{
	json_write_strings(w, key, strv_argv(list));
}

static void write_network(struct json_writer *w, const struct container_config *config)
{
	static const struct strv none = {0};

	json_write_string(w, "NetworkMode", config->network);
	document_ports(w, "PortBindings", config->ports, config->port_count, &none);
}

static void write_life(struct json_writer *w, const struct container_config *config)
{
	json_object_begin(w, "RestartPolicy");
	json_write_string(w, "Name", restart_kind_name(config->restart.kind));
	json_write_u64(w, "MaximumRetryCount", config->restart.retries);
	json_end(w);
	json_write_bool(w, "AutoRemove", config->auto_remove);
	json_write_string(w, "VolumeDriver", "");
	json_write_null(w, "VolumesFrom");
	json_array_begin(w, "ConsoleSize");
	json_write_i64(w, NULL, 0);
	json_write_i64(w, NULL, 0);
	json_end(w);
	if (config->isolation.annotations.n > 0)
		document_map(w, "Annotations", &config->isolation.annotations);
}

static void write_security(struct json_writer *w, const struct container_isolation *isolation)
{
	auto_strv options = {0};

	if (isolation->no_new_privileges)
		strv_add(&options, "no-new-privileges");
	if (isolation->seccomp)
		strv_add_format(&options, "seccomp=%s", isolation->seccomp);
	if (isolation->apparmor)
		strv_add_format(&options, "apparmor=%s", isolation->apparmor);
	for (size_t i = 0; i < isolation->labels.n; i++)
		strv_add_format(&options, "label=%s", isolation->labels.v[i]);
	document_list(w, "SecurityOpt", &options);
}

static void write_namespaces(struct json_writer *w, const struct container_config *config)
{
	const struct container_isolation *isolation = &config->isolation;

	json_write_string(w, "IpcMode", isolation->ipc ? isolation->ipc : "private");
	json_write_string(w, "Cgroup", "");
	json_write_null(w, "Links");
	json_write_i64(w, "OomScoreAdj", isolation->oom_score_adj);
	write_text(w, "PidMode", isolation->pid);
	json_write_bool(w, "Privileged", isolation->privileged);
	json_write_bool(w, "PublishAllPorts", config->publish_all);
	json_write_bool(w, "ReadonlyRootfs", config->read_only);
	write_security(w, isolation);
	write_tmpfs(w, config);
	write_text(w, "UTSMode", isolation->uts);
	write_text(w, "UsernsMode", isolation->userns);
	json_write_u64(w, "ShmSize",
		       isolation->shm_size ? isolation->shm_size : CONTAINER_SHM_SIZE);
	if (isolation->sysctls.n > 0)
		document_map(w, "Sysctls", &isolation->sysctls);
	json_write_string(w, "Runtime", config->runtime ? config->runtime : "kist-runtime");
	json_write_string(w, "Isolation", "");
}

static void write_rates(struct json_writer *w, const char *key, const char *what,
			const struct field_array *array)
{
	const struct container_rate *rates = array->v;

	json_array_begin(w, key);
	for (size_t i = 0; i < array->n; i++) {
		json_object_begin(w, NULL);
		json_write_string(w, "Path", rates[i].path);
		json_write_u64(w, what, rates[i].rate);
		json_end(w);
	}
	json_end(w);
}

static void write_blkio(struct json_writer *w, const struct container_isolation *isolation)
{
	json_write_u64(w, "BlkioWeight", isolation->blkio_weight);
	write_rates(w, "BlkioWeightDevice", "Weight", &isolation->blkio_weight_devices);
	write_rates(w, "BlkioDeviceReadBps", "Rate", &isolation->device_read_bps);
	write_rates(w, "BlkioDeviceWriteBps", "Rate", &isolation->device_write_bps);
	write_rates(w, "BlkioDeviceReadIOps", "Rate", &isolation->device_read_iops);
	write_rates(w, "BlkioDeviceWriteIOps", "Rate", &isolation->device_write_iops);
}

static void write_cpu(struct json_writer *w, const struct container_config *config)
{
	json_write_u64(w, "CpuPeriod", config->cpu_period);
	json_write_i64(w, "CpuQuota", config->cpu_quota);
	json_write_i64(w, "CpuRealtimePeriod", 0);
	json_write_i64(w, "CpuRealtimeRuntime", 0);
	write_text(w, "CpusetCpus", config->cpuset_cpus);
	write_text(w, "CpusetMems", config->cpuset_mems);
}

static void write_devices(struct json_writer *w, const struct container_isolation *isolation)
{
	const struct container_device *devices = isolation->devices.v;

	json_array_begin(w, "Devices");
	for (size_t i = 0; i < isolation->devices.n; i++) {
		json_object_begin(w, NULL);
		json_write_string(w, "PathOnHost", devices[i].source);
		json_write_string(w, "PathInContainer", devices[i].target);
		json_write_string(w, "CgroupPermissions", devices[i].access);
		json_end(w);
	}
	json_end(w);
	document_list(w, "DeviceCgroupRules", &isolation->device_rules);
	json_write_null(w, "DeviceRequests");
}

static void write_memory(struct json_writer *w, const struct container_config *config)
{
	const struct container_isolation *isolation = &config->isolation;
	int64_t swap = config->memory_swap ? config->memory_swap : (int64_t)config->memory * 2;

	json_write_u64(w, "MemoryReservation", config->memory_reservation);
	json_write_i64(w, "MemorySwap", config->memory ? swap : 0);
	if (isolation->memory_swappiness >= 0)
		json_write_i64(w, "MemorySwappiness", isolation->memory_swappiness);
	else
		json_write_null(w, "MemorySwappiness");
	if (isolation->oom_kill_disable)
		json_write_bool(w, "OomKillDisable", true);
	else
		json_write_null(w, "OomKillDisable");
	if (config->pids_limit > 0)
		json_write_i64(w, "PidsLimit", config->pids_limit);
	else
		json_write_null(w, "PidsLimit");
}

static void write_ulimits(struct json_writer *w, const struct container_isolation *isolation)
{
	const struct container_ulimit *ulimits = isolation->ulimits.v;

	json_array_begin(w, "Ulimits");
	for (size_t i = 0; i < isolation->ulimits.n; i++) {
		json_object_begin(w, NULL);
		json_write_string(w, "Name", ulimits[i].name);
		json_write_i64(w, "Hard", ulimits[i].hard);
		json_write_i64(w, "Soft", ulimits[i].soft);
		json_end(w);
	}
	json_end(w);
}

static void write_default_paths(struct json_writer *w, const char *key, const char *const *paths)
{
	json_array_begin(w, key);
	for (; *paths; paths++)
		json_write_string(w, NULL, *paths);
	json_end(w);
}

/* Privileged: nothing is masked unless somebody says what. */
static void write_paths(struct json_writer *w, const struct container_isolation *isolation)
{
	if (isolation->has_masked_paths)
		write_strings(w, "MaskedPaths", &isolation->masked_paths);
	else if (isolation->privileged)
		json_write_null(w, "MaskedPaths");
	else
		write_default_paths(w, "MaskedPaths", defaults_masked_paths);
	if (isolation->has_readonly_paths)
		write_strings(w, "ReadonlyPaths", &isolation->readonly_paths);
	else if (isolation->privileged)
		json_write_null(w, "ReadonlyPaths");
	else
		write_default_paths(w, "ReadonlyPaths", defaults_readonly_paths);
	if (isolation->init)
		json_write_bool(w, "Init", true);
}

void document_host_config(struct json_writer *w, const char *key, const struct container *container)
{
	const struct container_config *config = &container->config;
	const struct container_isolation *isolation = &config->isolation;

	json_object_begin(w, key);
	write_binds(w, config);
	json_write_string(w, "ContainerIDFile", "");
	json_object_begin(w, "LogConfig");
	json_write_string(w, "Type", "json-file");
	json_object_begin(w, "Config");
	json_end(w);
	json_end(w);
	write_network(w, config);
	write_life(w, config);
	document_list(w, "CapAdd", &isolation->cap_add);
	document_list(w, "CapDrop", &isolation->cap_drop);
	json_write_string(w, "CgroupnsMode", isolation->cgroupns ? isolation->cgroupns : "private");
	write_strings(w, "Dns", &config->dns);
	write_strings(w, "DnsOptions", &config->dns_options);
	write_strings(w, "DnsSearch", &config->dns_search);
	document_list(w, "ExtraHosts", &config->extra_hosts);
	document_list(w, "GroupAdd", &isolation->group_add);
	write_namespaces(w, config);
	json_write_u64(w, "CpuShares", config->cpu_shares);
	json_write_u64(w, "Memory", config->memory);
	json_write_i64(w, "NanoCpus", config->nano_cpus);
	write_text(w, "CgroupParent", config->cgroup_parent);
	write_blkio(w, isolation);
	write_cpu(w, config);
	write_devices(w, isolation);
	write_memory(w, config);
	write_ulimits(w, isolation);
	json_write_i64(w, "CpuCount", 0);
	json_write_i64(w, "CpuPercent", 0);
	json_write_i64(w, "IOMaximumIOps", 0);
	json_write_i64(w, "IOMaximumBandwidth", 0);
	write_paths(w, isolation);
	json_end(w);
}
