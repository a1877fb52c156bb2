#include "engine/container-config.h"

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

#define HOSTNAME_MAX	64 /* __NEW_UTS_LEN */
#define NAME_LENGTH_MAX 255
#define CPU_NANO	INT64_C(1000000000)

void container_config_init(struct container_config *config)
{
	*config = (struct container_config) {.stop_timeout = -1};
}

void container_config_release(struct container_config *config)
{
	char **const texts[] = {
		&config->name,	      &config->image,	    &config->platform,
		&config->user,	      &config->hostname,    &config->working_dir,
		&config->runtime,     &config->network,	    &config->cgroup_parent,
		&config->cpuset_cpus, &config->cpuset_mems,
	};
	struct strv *const lists[] = {
		&config->entrypoint, &config->command,	   &config->env,
		&config->labels,     &config->extra_hosts, &config->dns,
		&config->dns_search, &config->dns_options, &config->exposed_ports,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		mem_freep(texts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_release(lists[i]);
	for (size_t i = 0; i < config->mount_count; i++)
		container_mount_release(&config->mounts[i]);
	mem_freep(&config->mounts);
	mem_freep(&config->ports);
	config->mount_count = config->port_count = 0;
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
