/* config.json: "linux": namespaces, limits, devices, what is hidden and refused. */
#include "engine/spec-gen.h"

#include "base/mem.h"
#include "base/strv.h"
#include "spec/defaults.h"
#include "spec/seccomp-default.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CPU_PERIOD 100000
#define CPU_NANO   INT64_C(1000000000)

static bool is_host(const char *mode)
{
	return mode && STREQ(mode, "host");
}

static void write_namespace(struct json_writer *w, const char *type, const char *path)
{
	json_object_begin(w, NULL);
	json_write_string(w, "type", type);
	if (path)
		json_write_string(w, "path", path);
	json_end(w);
}

static void write_namespaces(struct json_writer *w, const struct spec_input *input)
{
	const struct container_isolation *isolation = &input->container->config.isolation;

	json_array_begin(w, "namespaces");
	write_namespace(w, "mount", NULL);
	if (!is_host(isolation->uts))
		write_namespace(w, "uts", NULL);
	if (!is_host(isolation->pid))
		write_namespace(w, "pid", input->pid_path);
	if (!is_host(isolation->ipc))
		write_namespace(w, "ipc", input->ipc_path);
	if (!is_host(isolation->cgroupns))
		write_namespace(w, "cgroup", NULL);
	if (!input->host_network)
		write_namespace(w, "network", input->netns_path);
	json_end(w);
}

static void write_memory(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;
	const struct container_isolation *isolation = &config->isolation;
	int64_t memory = (int64_t)config->memory;
	int64_t swap = config->memory_swap;

	if (memory == 0 && config->memory_reservation == 0 && isolation->memory_swappiness < 0 &&
	    !isolation->oom_kill_disable)
		return;
	if (swap == 0)
		swap = memory > INT64_MAX / 2 ? -1 : 2 * memory;
	json_object_begin(w, "memory");
	if (memory > 0)
		json_write_i64(w, "limit", memory);
	if (memory > 0 && input->swap_limit)
		json_write_i64(w, "swap", swap);
	if (config->memory_reservation > 0)
		json_write_u64(w, "reservation", config->memory_reservation);
	if (isolation->memory_swappiness >= 0)
		json_write_i64(w, "swappiness", isolation->memory_swappiness);
	if (isolation->oom_kill_disable)
		json_write_bool(w, "disableOOMKiller", true);
	json_end(w);
}

static void write_cpu(struct json_writer *w, const struct container_config *config)
{
	uint64_t period = config->nano_cpus > 0 ? CPU_PERIOD : config->cpu_period;
	int64_t quota = config->nano_cpus > 0
				? config->nano_cpus / CPU_NANO * CPU_PERIOD +
					  config->nano_cpus % CPU_NANO * CPU_PERIOD / CPU_NANO
				: config->cpu_quota;

	if (config->cpu_shares == 0 && period == 0 && quota == 0 && !config->cpuset_cpus &&
	    !config->cpuset_mems)
		return;
	json_object_begin(w, "cpu");
	if (config->cpu_shares > 0)
		json_write_u64(w, "shares", config->cpu_shares);
	if (quota != 0)
		json_write_i64(w, "quota", quota);
	if (period != 0)
		json_write_u64(w, "period", period);
	if (config->cpuset_cpus)
		json_write_string(w, "cpus", config->cpuset_cpus);
	if (config->cpuset_mems)
		json_write_string(w, "mems", config->cpuset_mems);
	json_end(w);
}

static void write_rule(struct json_writer *w, char type, int64_t major, int64_t minor,
		       const char *access)
{
	const char text[] = {type, '\0'};

	json_object_begin(w, NULL);
	json_write_bool(w, "allow", true);
	if (type != 'a')
		json_write_string(w, "type", text);
	if (major >= 0)
		json_write_i64(w, "major", major);
	if (minor >= 0)
		json_write_i64(w, "minor", minor);
	json_write_string(w, "access", access);
	json_end(w);
}

/* "c 1:* rwm", which was checked when it was given. */
static void write_user_rule(struct json_writer *w, const char *text)
{
	const char *colon = strchr(text, ':');
	const char *access = colon ? strchr(colon, ' ') : NULL;

	if (!access)
		return;
	write_rule(w, text[0], text[2] == '*' ? -1 : strtol(text + 2, NULL, 10),
		   colon[1] == '*' ? -1 : strtol(colon + 1, NULL, 10), access + 1);
}

static void write_rules(struct json_writer *w, const struct spec_input *input)
{
	const struct container_isolation *isolation = &input->container->config.isolation;

	json_array_begin(w, "devices");
	if (isolation->privileged) {
		write_rule(w, 'a', -1, -1, "rwm");
	} else {
		defaults_write_device_rules(w);
		for (size_t i = 0; i < input->devices->n; i++)
			write_rule(w, input->devices->v[i].type, input->devices->v[i].major,
				   input->devices->v[i].minor, input->devices->v[i].access);
		for (size_t i = 0; i < isolation->device_rules.n; i++)
			write_user_rule(w, isolation->device_rules.v[i]);
	}
	json_end(w);
}

static void write_resources(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;

	json_object_begin(w, "resources");
	write_rules(w, input);
	write_memory(w, input);
	write_cpu(w, config);
	if (config->pids_limit > 0) {
		json_object_begin(w, "pids");
		json_write_i64(w, "limit", config->pids_limit);
		json_end(w);
	}
	if (input->block_io)
		json_write_raw(w, "blockIO", input->block_io);
	json_end(w);
}

static void write_devices(struct json_writer *w, const struct host_devices *devices)
{
	json_array_begin(w, "devices");
	for (size_t i = 0; i < devices->n; i++) {
		const struct host_device *device = &devices->v[i];
		const char type[] = {device->type, '\0'};

		json_object_begin(w, NULL);
		json_write_string(w, "path", device->path);
		json_write_string(w, "type", type);
		json_write_u64(w, "major", device->major);
		json_write_u64(w, "minor", device->minor);
		json_write_u64(w, "fileMode", device->mode);
		json_write_u64(w, "uid", device->uid);
		json_write_u64(w, "gid", device->gid);
		json_end(w);
	}
	json_end(w);
}

static bool any_slave(const struct container_config *config)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].propagation == MOUNT_SLAVE ||
		    config->mounts[i].propagation == MOUNT_RSLAVE)
			return true;
	return false;
}

static bool has_key(const struct strv *pairs, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < pairs->n; i++)
		if (strncmp(pairs->v[i], key, len) == 0 && pairs->v[i][len] == '=')
			return true;
	return false;
}

static void write_sysctls(struct json_writer *w, const struct spec_input *input)
{
	/* Moby since 20.10: a network of one's own has no ports to protect from oneself. */
	static const char *const own_network[][2] = {
		{"net.ipv4.ip_unprivileged_port_start", "0"},
		{"net.ipv4.ping_group_range", "0 2147483647"},
	};
	const struct container_config *config = &input->container->config;
	const struct strv *sysctls = &config->isolation.sysctls;
	bool own = !input->host_network && !container_mode_peer(config->network);

	if (!own && sysctls->n == 0)
		return;
	json_object_begin(w, "sysctl");
	for (size_t i = 0; own && i < ARRAY_SIZE(own_network); i++)
		if (!has_key(sysctls, own_network[i][0]))
			json_write_string(w, own_network[i][0], own_network[i][1]);
	for (size_t i = 0; i < sysctls->n; i++) {
		size_t len = strcspn(sysctls->v[i], "=");
		auto_free char *key = mem_strndup(sysctls->v[i], len);

		json_write_string(w, key, sysctls->v[i] + len + 1);
	}
	json_end(w);
}

static void write_masked(struct json_writer *w, unsigned thermal_cpus)
{
	json_array_begin(w, "maskedPaths");
	for (const char *const *path = defaults_masked_paths; *path; path++)
		json_write_string(w, NULL, *path);
	/* What interrupts these cost tells a neighbour's load (moby 28.2). */
	for (unsigned i = 0; i < thermal_cpus; i++) {
		auto_free char *path =
			mem_printf("/sys/devices/system/cpu/cpu%u/thermal_throttle", i);

		json_write_string(w, NULL, path);
	}
	json_end(w);
}

static void write_paths(struct json_writer *w, const struct spec_input *input)
{
	const struct container_isolation *isolation = &input->container->config.isolation;

	if (isolation->privileged)
		return;
	if (isolation->has_masked_paths)
		json_write_strings(w, "maskedPaths", strv_argv(&isolation->masked_paths));
	else
		write_masked(w, input->thermal_cpus);
	if (isolation->has_readonly_paths)
		json_write_strings(w, "readonlyPaths", strv_argv(&isolation->readonly_paths));
	else
		json_write_strings(w, "readonlyPaths", (char *const *)defaults_readonly_paths);
}

void spec_write_linux(struct json_writer *w, const struct spec_input *input)
{
	auto_free char *cgroup = spec_cgroup_path(input->engine, input->container);

	json_object_begin(w, "linux");
	json_write_string(w, "cgroupsPath", cgroup);
	write_namespaces(w, input);
	write_resources(w, input);
	if (input->devices->n > 0)
		write_devices(w, input->devices);
	write_sysctls(w, input);
	if (any_slave(&input->container->config))
		json_write_string(w, "rootfsPropagation", "rslave");
	write_paths(w, input);
	if (!input->seccomp)
		seccomp_default_write(w, "seccomp", input->capabilities);
	else if (*input->seccomp)
		json_write_raw(w, "seccomp", input->seccomp);
	json_end(w);
}
