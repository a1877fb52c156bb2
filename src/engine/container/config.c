#include "engine/container/config.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HOSTNAME_MAX		     64 /* __NEW_UTS_LEN */
#define NAME_LENGTH_MAX		     255
#define CPU_NANO		     INT64_C(1000000000)

#define CONFIG(kind, key, member)    FIELD(container_config, kind, key, member)
#define ISOLATION(kind, key, member) FIELD(container_config, kind, key, isolation.member)
#define ISOLATION_ARRAY(key, member, elements) \
	FIELD_ARRAY(container_config, key, isolation.member, elements)

static const struct field config_rows[] = {
	CONFIG(FIELD_TEXT, "image", image),
	CONFIG(FIELD_TEXT, "platform", platform),
	CONFIG(FIELD_FLAG, "hasEntrypoint", has_entrypoint),
	CONFIG(FIELD_LIST, "entrypoint", entrypoint),
	CONFIG(FIELD_LIST, "command", command),
	CONFIG(FIELD_LIST, "env", env),
	CONFIG(FIELD_TEXT, "user", user),
	CONFIG(FIELD_TEXT, "workingDir", working_dir),
	CONFIG(FIELD_TEXT, "hostname", hostname),
	CONFIG(FIELD_LIST, "labels", labels),
	CONFIG(FIELD_FLAG, "openStdin", open_stdin),
	CONFIG(FIELD_FLAG, "stdinOnce", stdin_once),
	CONFIG(FIELD_FLAG, "tty", tty),
	CONFIG(FIELD_FLAG, "autoRemove", auto_remove),
	CONFIG(FIELD_FLAG, "readOnly", read_only),
	CONFIG(FIELD_INT, "stopSignal", stop_signal),
	CONFIG(FIELD_INT, "stopTimeout", stop_timeout),
	CONFIG(FIELD_TEXT, "runtime", runtime),
	CONFIG(FIELD_TEXT, "network", network),
	CONFIG(FIELD_FLAG, "publishAll", publish_all),
	CONFIG(FIELD_LIST, "exposedPorts", exposed_ports),
	CONFIG(FIELD_LIST, "extraHosts", extra_hosts),
	CONFIG(FIELD_LIST, "dns", dns),
	CONFIG(FIELD_LIST, "dnsSearch", dns_search),
	CONFIG(FIELD_LIST, "dnsOptions", dns_options),
	CONFIG(FIELD_U64, "memory", memory),
	CONFIG(FIELD_I64, "memorySwap", memory_swap),
	CONFIG(FIELD_I64, "nanoCpus", nano_cpus),
	CONFIG(FIELD_U64, "cpuShares", cpu_shares),
	CONFIG(FIELD_I64, "pidsLimit", pids_limit),
	CONFIG(FIELD_TEXT, "cgroupParent", cgroup_parent),
	CONFIG(FIELD_U64, "memoryReservation", memory_reservation),
	CONFIG(FIELD_U64, "cpuPeriod", cpu_period),
	CONFIG(FIELD_I64, "cpuQuota", cpu_quota),
	CONFIG(FIELD_TEXT, "cpusetCpus", cpuset_cpus),
	CONFIG(FIELD_TEXT, "cpusetMems", cpuset_mems),
	CONFIG(FIELD_UINT, "restartRetries", restart.retries),
	ISOLATION(FIELD_FLAG, "privileged", privileged),
	ISOLATION(FIELD_LIST, "capAdd", cap_add),
	ISOLATION(FIELD_LIST, "capDrop", cap_drop),
	ISOLATION(FIELD_FLAG, "noNewPrivileges", no_new_privileges),
	ISOLATION(FIELD_TEXT, "seccomp", seccomp),
	ISOLATION(FIELD_TEXT, "apparmor", apparmor),
	ISOLATION(FIELD_LIST, "securityLabels", labels),
	ISOLATION(FIELD_FLAG, "hasMaskedPaths", has_masked_paths),
	ISOLATION(FIELD_LIST, "maskedPaths", masked_paths),
	ISOLATION(FIELD_FLAG, "hasReadonlyPaths", has_readonly_paths),
	ISOLATION(FIELD_LIST, "readonlyPaths", readonly_paths),
	ISOLATION_ARRAY("devices", devices, &container_device_fields),
	ISOLATION(FIELD_LIST, "deviceRules", device_rules),
	ISOLATION_ARRAY("ulimits", ulimits, &container_ulimit_fields),
	ISOLATION(FIELD_LIST, "sysctls", sysctls),
	ISOLATION(FIELD_LIST, "groupAdd", group_add),
	ISOLATION(FIELD_LIST, "annotations", annotations),
	ISOLATION(FIELD_U64, "shmSize", shm_size),
	ISOLATION(FIELD_FLAG, "init", init),
	ISOLATION(FIELD_TEXT, "ipc", ipc),
	ISOLATION(FIELD_TEXT, "pid", pid),
	ISOLATION(FIELD_TEXT, "uts", uts),
	ISOLATION(FIELD_TEXT, "userns", userns),
	ISOLATION(FIELD_TEXT, "cgroupns", cgroupns),
	ISOLATION(FIELD_TEXT, "domainname", domainname),
	ISOLATION(FIELD_TEXT, "macAddress", mac_address),
	ISOLATION(FIELD_I64, "oomScoreAdj", oom_score_adj),
	ISOLATION(FIELD_FLAG, "oomKillDisable", oom_kill_disable),
	ISOLATION(FIELD_I64, "memorySwappiness", memory_swappiness),
	ISOLATION(FIELD_U64, "blkioWeight", blkio_weight),
	ISOLATION_ARRAY("blkioWeightDevices", blkio_weight_devices, &container_rate_fields),
	ISOLATION_ARRAY("deviceReadBps", device_read_bps, &container_rate_fields),
	ISOLATION_ARRAY("deviceWriteBps", device_write_bps, &container_rate_fields),
	ISOLATION_ARRAY("deviceReadIops", device_read_iops, &container_rate_fields),
	ISOLATION_ARRAY("deviceWriteIops", device_write_iops, &container_rate_fields),
};

const struct fields container_config_fields = FIELDS(container_config, config_rows);

void container_config_init(struct container_config *config)
{
	*config = (struct container_config) {
		.stop_timeout = -1,
		.isolation.memory_swappiness = -1,
	};
}

void container_config_release(struct container_config *config)
{
	fields_release(&container_config_fields, config);
	mem_freep(&config->name);
	for (size_t i = 0; i < config->mount_count; i++)
		container_mount_release(&config->mounts[i]);
	mem_freep(&config->mounts);
	mem_freep(&config->ports);
	config->mount_count = config->port_count = 0;
}

void container_config_copy(struct container_config *to, const struct container_config *from)
{
	container_config_init(to);
	fields_copy(&container_config_fields, to, from);
	to->pull = from->pull;
	to->restart.kind = from->restart.kind;
	to->port_count = from->port_count;
	if (from->port_count)
		to->ports = mem_copy(from->ports, from->port_count * sizeof(*from->ports));
	to->mount_count = from->mount_count;
	to->mounts = mem_zero(from->mount_count, sizeof(*to->mounts));
	for (size_t i = 0; i < from->mount_count; i++)
		container_mount_copy(&to->mounts[i], &from->mounts[i]);
}

int container_config_add_mount(struct container_config *config, struct container_mount *mount,
			       struct error *err)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (STREQ(config->mounts[i].target, mount->target))
			return error_set(err, ERROR_INVALID, "Duplicate mount point: %s",
					 mount->target);
	if (config->mount_count >= CONTAINER_MOUNTS_MAX)
		return error_set(err, ERROR_INVALID, "more than %d mounts", CONTAINER_MOUNTS_MAX);
	config->mounts =
		mem_resize(config->mounts, (config->mount_count + 1) * sizeof(config->mounts[0]));
	config->mounts[config->mount_count++] = *mount;
	*mount = (struct container_mount) {0};
	return 0;
}

int container_config_add_volume(struct container_config *config, const char *text,
				struct error *err)
{
	CLEANUP(container_mount_release) struct container_mount mount = {0};
	int r = container_mount_parse_volume(text, &mount, err);

	return r < 0 ? r : container_config_add_mount(config, &mount, err);
}

int container_config_add_tmpfs(struct container_config *config, const char *text, struct error *err)
{
	CLEANUP(container_mount_release) struct container_mount mount = {0};
	int r = container_mount_parse_tmpfs(text, &mount, err);

	return r < 0 ? r : container_config_add_mount(config, &mount, err);
}

int container_config_add_long_mount(struct container_config *config, const char *text,
				    struct error *err)
{
	CLEANUP(container_mount_release) struct container_mount mount = {0};
	int r = container_mount_parse_long(text, &mount, err);

	return r < 0 ? r : container_config_add_mount(config, &mount, err);
}

void strv_set_pair(struct strv *list, const char *text)
{
	size_t key_len = strcspn(text, "=");

	for (size_t i = 0; i < list->n; i++) {
		if (strncmp(list->v[i], text, key_len) == 0 && list->v[i][key_len] == '=') {
			free(list->v[i]);
			list->v[i] = mem_strdup(text);
			return;
		}
	}
	strv_add(list, text);
}

int container_config_add_env(struct container_config *config, const char *text, struct error *err)
{
	auto_free char *own = NULL;
	const char *value;

	if (!*text || *text == '=')
		return error_set(err, ERROR_INVALID, "invalid environment variable: %s", text);
	if (!strchr(text, '=')) {
		value = getenv(text);
		if (!value)
			return 0;
		own = mem_printf("%s=%s", text, value);
	}
	strv_set_pair(&config->env, own ? own : text);
	return 0;
}

int container_config_add_label(struct container_config *config, const char *text, struct error *err)
{
	auto_free char *with_value = strchr(text, '=') ? mem_strdup(text) : mem_printf("%s=", text);

	if (*with_value == '=')
		return error_set(err, ERROR_INVALID, "invalid label '%s': empty name", text);
	strv_set_pair(&config->labels, with_value);
	return 0;
}

/* Nothing that could end the line or the field of a generated file. */
static bool is_host_name(const char *s, size_t len)
{
	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-._", s[i]))
			return false;
	return true;
}

static bool is_ip_address(const char *s)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, address) == 1 || inet_pton(AF_INET6, s, address) == 1;
}

int container_config_add_host(struct container_config *config, const char *text, struct error *err)
{
	size_t len = strcspn(text, ":=");
	const char *address = text + len + 1;
	auto_free char *host = NULL;

	if (!text[len] || !*address || !is_host_name(text, len))
		return error_set(err, ERROR_INVALID, "bad format for add-host: \"%s\"", text);
	if (!STREQ(address, "host-gateway") && !is_ip_address(address))
		return error_set(err, ERROR_INVALID, "invalid IP address in add-host: \"%s\"",
				 address);
	host = mem_strndup(text, len);
	strv_add_format(&config->extra_hosts, "%s:%s", host, address);
	return 0;
}

static int check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);
	bool valid = len >= 2 && len <= NAME_LENGTH_MAX && isalnum((unsigned char)name[0]);

	for (size_t i = 0; valid && i < len; i++)
		valid = isalnum((unsigned char)name[i]) || strchr("_.-", name[i]);
	if (!valid)
		return error_set(err, ERROR_INVALID,
				 "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
				 "allowed",
				 name);
	return 0;
}

static int check_resources(const struct container_config *config, struct error *err)
{
	int64_t memory = (int64_t)config->memory;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->memory > INT64_MAX)
		return error_set(err, ERROR_INVALID, "the memory limit is too large");
	if (config->memory > 0 && config->memory < CONTAINER_MEMORY_MINIMUM)
		return error_set(err, ERROR_INVALID, "Minimum memory limit allowed is 6MB");
	if (config->memory > 0 && config->memory_reservation > config->memory)
		return error_set(
			err, ERROR_INVALID,
			"Minimum memory limit can not be less than memory reservation limit, "
			"see usage");
	if (config->memory_reservation > 0 && config->memory_reservation < CONTAINER_MEMORY_MINIMUM)
		return error_set(err, ERROR_INVALID, "Minimum memory reservation allowed is 6MB");
	if (config->memory_swap != 0 && config->memory == 0)
		return error_set(err, ERROR_INVALID,
				 "You should always set the Memory limit when using Memoryswap "
				 "limit, see usage");
	if (config->memory_swap > 0 && config->memory_swap < memory)
		return error_set(err, ERROR_INVALID,
				 "Minimum memoryswap limit should be larger than memory limit, "
				 "see usage");
	if (config->nano_cpus != 0 &&
	    (config->nano_cpus < CPU_NANO / 100 || config->nano_cpus > cpus * CPU_NANO))
		return error_set(err, ERROR_INVALID,
				 "range of CPUs is from 0.01 to %ld.00, as there are only %ld CPUs "
				 "available",
				 cpus, cpus);
	if (config->cpu_shares > 262144)
		return error_set(err, ERROR_INVALID, "The maximum allowed cpu-shares is 262144");
	if (config->cpu_quota > 0 && config->nano_cpus > 0)
		return error_set(
			err, ERROR_INVALID,
			"Conflicting options: Nano CPUs and CPU Quota cannot both be set.");
	if (config->cpu_period > 0 && config->nano_cpus > 0)
		return error_set(
			err, ERROR_INVALID,
			"Conflicting options: Nano CPUs and CPU Period cannot both be set.");
	if (config->cpu_period != 0 && (config->cpu_period < 1000 || config->cpu_period > 1000000))
		return error_set(
			err, ERROR_INVALID,
			"CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s "
			"(i.e. 1000000)");
	if (config->cpu_quota > 0 && config->cpu_quota < 1000)
		return error_set(err, ERROR_INVALID,
				 "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (config->pids_limit < -1)
		return error_set(err, ERROR_INVALID, "invalid pids limit: it must be -1 or more");
	return 0;
}

/* "0-2,7": whether there are such CPUs says the kernel. */
static bool is_list_of_numbers(const char *text)
{
	return *text && strspn(text, "0123456789-,") == strlen(text) &&
	       isdigit((unsigned char)*text);
}

static int check_cpuset(const struct container_config *config, struct error *err)
{
	if (config->cpuset_cpus && !is_list_of_numbers(config->cpuset_cpus))
		return error_set(err, ERROR_INVALID, "Invalid value %s for cpuset cpus",
				 config->cpuset_cpus);
	if (config->cpuset_mems && !is_list_of_numbers(config->cpuset_mems))
		return error_set(err, ERROR_INVALID, "Invalid value %s for cpuset mems",
				 config->cpuset_mems);
	return 0;
}

/* The parent is a path below the cgroup mount: it may not leave it. */
static int check_cgroup_parent(const char *parent, struct error *err)
{
	auto_free char *rooted = mem_printf("/%s", parent);
	auto_free char *clean = path_clean(rooted);
	bool valid = strlen(parent) < PATH_MAX && !STREQ(clean, "/") && !strstr(rooted, "/..");

	for (const char *p = parent; valid && *p; p++)
		valid = !iscntrl((unsigned char)*p);
	if (!valid)
		return error_set(err, ERROR_INVALID,
				 "invalid cgroup parent \"%s\": it must be a path below the "
				 "cgroup file system",
				 parent);
	return 0;
}

static int check_addresses(const struct container_config *config, struct error *err)
{
	for (size_t i = 0; i < config->dns.n; i++)
		if (!is_ip_address(config->dns.v[i]))
			return error_set(err, ERROR_INVALID, "%s is not an ip address",
					 config->dns.v[i]);
	for (size_t i = 0; i < config->dns_search.n; i++)
		if (!is_host_name(config->dns_search.v[i], strlen(config->dns_search.v[i])))
			return error_set(err, ERROR_INVALID, "%s is not a valid domain",
					 config->dns_search.v[i]);
	for (size_t i = 0; i < config->dns_options.n; i++)
		for (const char *p = config->dns_options.v[i]; *p; p++)
			if (!isgraph((unsigned char)*p))
				return error_set(err, ERROR_INVALID, "%s is not a resolver option",
						 config->dns_options.v[i]);
	return 0;
}

/* Docker's words for what does not go with the network or the names of somebody else. */
static int check_sharing(const struct container_config *config, struct error *err)
{
	const struct {
		bool wrong;
		const char *what;
	} rules[] = {
		{config->hostname != NULL, "hostname and the network mode"},
		{config->dns.n > 0, "dns and the network mode"},
		{config->extra_hosts.n > 0, "custom host-to-IP mapping and the network mode"},
		{config->port_count > 0 || config->publish_all,
		 "port publishing and the container type network mode"},
		{config->exposed_ports.n > 0, "port exposing and the container type network mode"},
		{config->isolation.mac_address != NULL, "mac-address and the network mode"},
	};
	const char *peer = container_mode_peer(config->network);
	uint8_t mac[6];

	if (config->isolation.uts && config->hostname)
		return error_set(err, ERROR_INVALID,
				 "conflicting options: hostname and the UTS mode");
	if (config->isolation.mac_address && mac_parse(config->isolation.mac_address, mac) < 0)
		return error_set(err, ERROR_INVALID, "%s is not a valid mac address",
				 config->isolation.mac_address);
	if (peer && !*peer)
		return error_set(err, ERROR_INVALID,
				 "invalid network mode: invalid container format "
				 "container:<name|id>");
	for (size_t i = 0; peer && i < ARRAY_SIZE(rules); i++)
		if (rules[i].wrong)
			return error_set(err, ERROR_INVALID, "conflicting options: %s",
					 rules[i].what);
	return 0;
}

int container_config_check(const struct container_config *config, struct error *err)
{
	int r;

	if (config->name && (r = check_name(config->name, err)) < 0)
		return r;
	r = check_resources(config, err);
	if (r < 0)
		return r;
	r = check_cpuset(config, err);
	if (r < 0)
		return r;
	r = container_isolation_check(&config->isolation, err);
	if (r == 0)
		r = check_sharing(config, err);
	if (r < 0)
		return r;
	if (config->restart.kind != RESTART_NO && config->auto_remove)
		return error_set(err, ERROR_INVALID,
				 "conflicting options: cannot specify both --restart and --rm");
	if (config->cgroup_parent && (r = check_cgroup_parent(config->cgroup_parent, err)) < 0)
		return r;
	r = check_addresses(config, err);
	if (r < 0)
		return r;
	if (config->hostname && (!is_host_name(config->hostname, strlen(config->hostname)) ||
				 strlen(config->hostname) > HOSTNAME_MAX))
		return error_set(err, ERROR_INVALID, "invalid hostname format: %s",
				 config->hostname);
	if (config->working_dir && config->working_dir[0] != '/')
		return error_set(err, ERROR_INVALID,
				 "the working directory '%s' is invalid, it needs to be an "
				 "absolute path",
				 config->working_dir);
	return 0;
}

int container_signal_parse(const char *text, int *ret, struct error *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t number;

	if (parse_u32(text, 1, 64, &number) == 0) {
		*ret = (int)number;
		return 0;
	}
	for (int sig = 1; sig < SIGSYS + 1; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known && strcasecmp(known, name) == 0) {
			*ret = sig;
			return 0;
		}
	}
	if (strcasecmp(name, "RTMIN") == 0 || strcasecmp(name, "RTMAX") == 0) {
		*ret = strcasecmp(name, "RTMIN") == 0 ? SIGRTMIN : SIGRTMAX;
		return 0;
	}
	if (strncasecmp(name, "RTMIN+", 6) == 0 && parse_u32(name + 6, 1, 30, &number) == 0) {
		*ret = SIGRTMIN + (int)number;
		return 0;
	}
	if (strncasecmp(name, "RTMAX-", 6) == 0 && parse_u32(name + 6, 1, 30, &number) == 0) {
		*ret = SIGRTMAX - (int)number;
		return 0;
	}
	return error_set(err, ERROR_INVALID, "Invalid signal: %s", text);
}
