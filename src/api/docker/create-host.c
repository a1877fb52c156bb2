#include "api/docker/create-host.h"

#include "base/mem.h"
#include "base/str.h"
#include "engine/container/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct container_config, field)

/* ---- life ---- */

static const char *one_of(const char *text, const char *const *known)
{
	for (; *known; known++)
		if (STREQ(text, *known))
			return *known;
	return NULL;
}

/* A text of which only some values mean what we do; "" is the default always. */
static int check_text(const struct json *value, const char *const *known, struct error *err)
{
	auto_free char *text = NULL;
	int r = body_text(value, &text, err);

	if (r < 0 || !text || one_of(text, known))
		return r;
	return error_set(err, ERROR_UNSUPPORTED, "\"%s\" is not supported yet: leave it out", text);
}

static int read_log_type(const struct json *value, void *field, struct error *err)
{
	static const char *const known[] = {"json-file", NULL};

	(void)field;
	return check_text(value, known, err);
}

static const struct body_member log_members[] = {
	{"Type", read_log_type},
	{"Config", body_refuse},
	{NULL},
};

struct restart_request {
	char *name;
	uint64_t retries;
};

static const struct body_member restart_members[] = {
	{"Name", body_text, offsetof(struct restart_request, name)},
	{"MaximumRetryCount", body_u64, offsetof(struct restart_request, retries)},
	{NULL},
};

int create_restart_policy(const struct json *value, void *field, struct error *err)
{
	struct restart_policy *policy = field;
	struct restart_request request = {0};
	auto_free char *text = NULL;
	int r;

	if (!json_is(value, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "must be an object");
	r = body_read(value, restart_members, &request, err);
	if (r == 0 && request.retries > 0)
		text = mem_printf("%s:%" PRIu64, request.name ? request.name : "", request.retries);
	if (r == 0)
		r = restart_policy_parse(text		? text
					 : request.name ? request.name
							: "no",
					 policy, err);
	free(request.name);
	return r;
}

static int read_isolation(const struct json *value, void *field, struct error *err)
{
	static const char *const known[] = {"default", NULL};

	(void)field;
	return check_text(value, known, err);
}

static int read_volume_driver(const struct json *value, void *field, struct error *err)
{
	static const char *const known[] = {"local", NULL};

	(void)field;
	return check_text(value, known, err);
}

/* "private" is what NULL says already. */
static int read_private(const struct json *value, void *field, struct error *err)
{
	char **to = field;
	int r = body_text(value, field, err);

	if (r == 0 && *to && STREQ(*to, "private"))
		mem_freep(to);
	return r;
}

/* ---- network ---- */

struct bindings {
	struct container_config *config;
	const char *container_port; /* "80/tcp" */
	struct error *err;
};

static const struct body_member binding_members[] = {
	{"HostIp", body_text, 0},
	{"HostPort", body_text, sizeof(char *)},
	{NULL},
};

/* One place of the host: -p in its long form. */
static int add_binding(struct container_config *config, const char *container_port,
		       const struct json *value, struct error *err)
{
	auto_free char *text = NULL;
	char *place[2] = {NULL, NULL};
	int r = 0;

	if (!json_is(value, JSON_OBJECT) && json_kind(value) != JSON_NULL)
		return error_set(err, ERROR_INVALID, "must be lists of objects");
	r = body_read(value, binding_members, place, err);
	if (r == 0) {
		text = mem_printf("%s%s%s:%s", place[0] ? place[0] : "", place[0] ? ":" : "",
				  place[1] ? place[1] : "", container_port);
		r = port_parse(text, &config->ports, &config->port_count, err);
	}
	free(place[0]);
	free(place[1]);
	return r;
}

static int add_bindings(const char *container_port, struct json *list, void *arg)
{
	struct bindings *bindings = arg;
	int r = 0;

	if (!json_is(list, JSON_ARRAY) && json_kind(list) != JSON_NULL)
		return error_set(bindings->err, ERROR_INVALID, "must be lists of objects");
	/* A range has a colon nowhere; port_parse would take one for a place on the host. */
	if (strchr(container_port, ':'))
		return error_set(bindings->err, ERROR_INVALID, "Invalid containerPort: %s",
				 container_port);
	for (size_t i = 0; r == 0 && i < json_count(list); i++)
		r = add_binding(bindings->config, container_port, json_at(list, i), bindings->err);
	return r;
}

static int read_ports(const struct json *value, void *target, struct error *err)
{
	struct bindings bindings = {.config = target, .err = err};

	mem_freep(&bindings.config->ports);
	bindings.config->port_count = 0;
	if (!json_is(value, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "must be an object of lists");
	return json_each(value, add_bindings, &bindings);
}

static int read_hosts(const struct json *value, void *target, struct error *err)
{
	struct container_config *config = target;
	auto_strv list = {0};
	int r = body_list(value, &list, err);

	strv_release(&config->extra_hosts);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = container_config_add_host(config, list.v[i], err);
	return r;
}

/* ---- mounts ---- */

/* A client's own folder means nothing here: what begins with a dot is no name of a volume. */
static int read_binds(const struct json *value, void *target, struct error *err)
{
	auto_strv list = {0};
	int r = body_list(value, &list, err);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		if (list.v[i][0] == '.')
			return error_set(err, ERROR_INVALID,
					 "invalid volume specification: '%s': the path on the "
					 "host must be absolute",
					 list.v[i]);
		r = container_config_add_volume(target, list.v[i], err);
	}
	return r;
}

static int add_tmpfs(const char *path, struct json *value, void *arg)
{
	struct bindings *to = arg;
	auto_free char *text = NULL;
	const char *options = json_string(value);

	if (!options)
		return error_set(to->err, ERROR_INVALID, "must be an object of strings");
	text = mem_printf("%s%s%s", path, *options ? ":" : "", options);
	if (strchr(path, ':'))
		return error_set(to->err, ERROR_INVALID,
				 "invalid tmpfs specification: '%s': a path has no colon", path);
	return container_config_add_tmpfs(to->config, text, to->err);
}

static int read_tmpfs(const struct json *value, void *target, struct error *err)
{
	struct bindings to = {.config = target, .err = err};

	if (!json_is(value, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "must be an object of strings");
	return json_each(value, add_tmpfs, &to);
}

/* --mount, whose parts make the short form. */
struct mount_request {
	char *type, *source, *target, *propagation;
	bool read_only, no_copy;
	int64_t size;
	int64_t mode;
};

static void mount_request_release(struct mount_request *mount)
{
	free(mount->type);
	free(mount->source);
	free(mount->target);
	free(mount->propagation);
}

#define MOUNT_AT(field) offsetof(struct mount_request, field)

/* What older clients say about caches of virtual machines. */
static int read_consistency(const struct json *value, void *field, struct error *err)
{
	static const char *const known[] = {"default", "consistent", "cached", "delegated", NULL};

	(void)field;
	return check_text(value, known, err);
}

static const struct body_member bind_members[] = {
	{"Propagation", body_text, MOUNT_AT(propagation)},
	{"NonRecursive", body_refuse},
	{"CreateMountpoint", body_refuse},
	{"ReadOnlyNonRecursive", body_refuse},
	{"ReadOnlyForceRecursive", body_refuse},
	{NULL},
};

static const struct body_member driver_members[] = {
	{"Name", read_volume_driver},
	{"Options", body_refuse},
	{NULL},
};

static const struct body_member volume_members[] = {
	{"NoCopy", body_flag, MOUNT_AT(no_copy)},
	{"Labels", body_refuse},
	{"DriverConfig", NULL, 0, driver_members},
	{"Subpath", body_refuse},
	{NULL},
};

static const struct body_member tmpfs_members[] = {
	{"SizeBytes", body_i64, MOUNT_AT(size)},
	{"Mode", body_i64, MOUNT_AT(mode)},
	{"Options", body_refuse},
	{NULL},
};

static const struct body_member mount_members[] = {
	{"Type", body_text, MOUNT_AT(type)},
	{"Source", body_text, MOUNT_AT(source)},
	{"Target", body_text, MOUNT_AT(target)},
	{"ReadOnly", body_flag, MOUNT_AT(read_only)},
	{"Consistency", read_consistency},
	{"BindOptions", NULL, 0, bind_members},
	{"VolumeOptions", NULL, 0, volume_members},
	{"ImageOptions", body_refuse},
	{"TmpfsOptions", NULL, 0, tmpfs_members},
	{"ClusterOptions", body_refuse},
	{NULL},
};

static int add_tmpfs_mount(struct container_config *config, const struct mount_request *mount,
			   struct error *err)
{
	auto_str text = {0};

	if (mount->source)
		return error_set(err, ERROR_INVALID, "a tmpfs has no Source");
	if (mount->size < 0 || mount->mode < 0 || mount->mode > 07777)
		return error_set(err, ERROR_INVALID,
				 "TmpfsOptions: SizeBytes and Mode must be in range");
	str_append_format(&text, "%s:%s", mount->target, mount->read_only ? "ro" : "rw");
	if (mount->size > 0)
		str_append_format(&text, ",size=%" PRId64, mount->size);
	if (mount->mode > 0)
		str_append_format(&text, ",mode=%" PRIo64, mount->mode);
	return container_config_add_tmpfs(config, str_text(&text), err);
}

static int add_volume_mount(struct container_config *config, const struct mount_request *mount,
			    struct error *err)
{
	bool is_bind = STREQ(mount->type, "bind");
	auto_str text = {0};

	if (is_bind && (!mount->source || mount->source[0] != '/'))
		return error_set(err, ERROR_INVALID, "bind source path must be absolute: \"%s\"",
				 mount->source ? mount->source : "");
	if (!is_bind && mount->source && strchr("/.", mount->source[0]))
		return error_set(
			err, ERROR_INVALID,
			"\"%s\" is no name of a volume: use type bind to mount a folder of "
			"the host",
			mount->source);
	if (!mount->source)
		return mount->read_only || mount->no_copy
			       ? error_set(err, ERROR_UNSUPPORTED,
					   "an anonymous volume cannot be read-only or NoCopy yet")
			       : container_config_add_volume(config, mount->target, err);
	str_append_format(&text, "%s:%s:%s", mount->source, mount->target,
			  mount->read_only ? "ro" : "rw");
	if (mount->no_copy)
		str_append(&text, ",nocopy");
	if (mount->propagation)
		str_append_format(&text, ",%s", mount->propagation);
	return container_config_add_volume(config, str_text(&text), err);
}

static int add_mount(struct container_config *config, const struct json *value, struct error *err)
{
	CLEANUP(mount_request_release) struct mount_request mount = {0};
	static const char *const types[] = {"bind", "volume", "tmpfs", NULL};
	int r;

	if (!json_is(value, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "must be a list of objects");
	r = body_read(value, mount_members, &mount, err);
	if (r < 0)
		return r;
	if (!mount.type || !one_of(mount.type, types))
		return error_set(err, ERROR_UNSUPPORTED,
				 "mount type \"%s\" is not supported: it is bind, volume or tmpfs",
				 mount.type ? mount.type : "");
	if (!mount.target)
		return error_set(err, ERROR_INVALID,
				 "invalid mount config for type \"%s\": field Target must not be "
				 "empty",
				 mount.type);
	/* The short form has no way to say it. */
	if (strchr(mount.target, ':') || (mount.source && strchr(mount.source, ':')))
		return error_set(err, ERROR_UNSUPPORTED,
				 "paths with a colon are not supported yet: %s",
				 mount.source ? mount.source : mount.target);
	return STREQ(mount.type, "tmpfs") ? add_tmpfs_mount(config, &mount, err)
					  : add_volume_mount(config, &mount, err);
}

static int read_mounts(const struct json *value, void *target, struct error *err)
{
	int r = 0;

	if (!json_is(value, JSON_ARRAY))
		return error_set(err, ERROR_INVALID, "must be a list of objects");
	for (size_t i = 0; r == 0 && i < json_count(value); i++)
		r = add_mount(target, json_at(value, i), err);
	return r;
}

/* ---- isolation ---- */

/* A list of arguments of the command line's option of that name. */
static int add_each(const struct json *value, struct container_isolation *isolation,
		    int (*add)(struct container_isolation *isolation, const char *text,
			       struct error *err),
		    struct error *err)
{
	auto_strv list = {0};
	int r = body_list(value, &list, err);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = add(isolation, list.v[i], err);
	return r;
}

static int read_capabilities(const struct json *value, const char *what, struct strv *ret,
			     struct error *err)
{
	auto_strv list = {0};
	int r = body_list(value, &list, err);

	strv_release(ret);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = container_add_capability(ret, what, list.v[i], err);
	return r;
}

static int read_cap_add(const struct json *value, void *field, struct error *err)
{
	return read_capabilities(value, "CapAdd", field, err);
}

static int read_cap_drop(const struct json *value, void *field, struct error *err)
{
	return read_capabilities(value, "CapDrop", field, err);
}

static int read_security(const struct json *value, void *field, struct error *err)
{
	return add_each(value, field, container_add_security_option, err);
}

static int read_device_rules(const struct json *value, void *field, struct error *err)
{
	return add_each(value, field, container_add_device_rule, err);
}

/* An empty list is a request too: nothing is masked. */
static int read_masked(const struct json *value, void *field, struct error *err)
{
	struct container_isolation *isolation = field;

	isolation->has_masked_paths = true;
	return body_list(value, &isolation->masked_paths, err);
}

static int read_readonly(const struct json *value, void *field, struct error *err)
{
	struct container_isolation *isolation = field;

	isolation->has_readonly_paths = true;
	return body_list(value, &isolation->readonly_paths, err);
}

static int add_pairs(const struct json *value, struct container_isolation *isolation,
		     int (*add)(struct container_isolation *isolation, const char *text,
				struct error *err),
		     struct error *err)
{
	auto_strv list = {0};
	int r = body_pairs(value, &list, err);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = add(isolation, list.v[i], err);
	return r;
}

static int read_sysctls(const struct json *value, void *field, struct error *err)
{
	return add_pairs(value, field, container_add_sysctl, err);
}

static int read_annotations(const struct json *value, void *field, struct error *err)
{
	return add_pairs(value, field, container_add_annotation, err);
}

/* A list of objects: each a structure that @array gets, owned by its table. */
static int read_array(const struct json *value, const struct body_member *members, size_t size,
		      struct field_array *array, struct error *err)
{
	int r = 0;

	if (!json_is(value, JSON_ARRAY) || json_count(value) > FIELD_ARRAY_MAX - array->n)
		return error_set(err, ERROR_INVALID, "must be a list of objects");
	for (size_t i = 0; r == 0 && i < json_count(value); i++) {
		const struct json *element = json_at(value, i);

		if (!json_is(element, JSON_OBJECT))
			return error_set(err, ERROR_INVALID, "must be a list of objects");
		r = body_read(element, members, field_array_add(array, size), err);
	}
	return r;
}

static const struct body_member device_members[] = {
	{"PathOnHost", body_text, offsetof(struct container_device, source)},
	{"PathInContainer", body_text, offsetof(struct container_device, target)},
	{"CgroupPermissions", body_text, offsetof(struct container_device, access)},
	{NULL},
};

/* What is left out is as --device has it. */
static int read_devices(const struct json *value, void *field, struct error *err)
{
	struct field_array *array = field;
	struct container_device *devices;
	int r;

	r = read_array(value, device_members, sizeof(*devices), array, err);
	devices = array->v;
	for (size_t i = 0; r == 0 && i < array->n; i++) {
		char *target;

		if (!devices[i].source)
			return error_set(err, ERROR_INVALID, "PathOnHost must not be empty");
		target = path_clean(devices[i].target ? devices[i].target : devices[i].source);
		if (!target)
			return error_set(err, ERROR_INVALID, "%s is not an absolute path",
					 devices[i].target);
		free(devices[i].target);
		devices[i].target = target;
		if (!devices[i].access)
			devices[i].access = mem_strdup("rwm");
	}
	return r;
}

static const struct body_member ulimit_members[] = {
	{"Name", body_text, offsetof(struct container_ulimit, name)},
	{"Soft", body_i64, offsetof(struct container_ulimit, soft)},
	{"Hard", body_i64, offsetof(struct container_ulimit, hard)},
	{NULL},
};

static int read_ulimits(const struct json *value, void *field, struct error *err)
{
	const struct field_array *array = field;
	const struct container_ulimit *ulimits;
	int r = read_array(value, ulimit_members, sizeof(*ulimits), field, err);

	ulimits = array->v;
	for (size_t i = 0; r == 0 && i < array->n; i++)
		if (!ulimits[i].name)
			return error_set(err, ERROR_INVALID, "Name must not be empty");
	return r;
}

static const struct body_member rate_members[] = {
	{"Path", body_text, offsetof(struct container_rate, path)},
	{"Rate", body_u64, offsetof(struct container_rate, rate)},
	{NULL},
};

static const struct body_member weight_members[] = {
	{"Path", body_text, offsetof(struct container_rate, path)},
	{"Weight", body_u64, offsetof(struct container_rate, rate)},
	{NULL},
};

static int read_paths(const struct json *value, const struct body_member *members,
		      struct field_array *array, struct error *err)
{
	const struct container_rate *rates;
	int r = read_array(value, members, sizeof(*rates), array, err);

	rates = array->v;
	for (size_t i = 0; r == 0 && i < array->n; i++)
		if (!rates[i].path)
			return error_set(err, ERROR_INVALID, "Path must not be empty");
	return r;
}

static int read_rates(const struct json *value, void *field, struct error *err)
{
	return read_paths(value, rate_members, field, err);
}

static int read_weights(const struct json *value, void *field, struct error *err)
{
	return read_paths(value, weight_members, field, err);
}

const struct body_member create_host_members[] = {
	{"Annotations", read_annotations, AT(isolation)},
	{"AutoRemove", body_flag, AT(auto_remove)},
	{"Binds", read_binds},
	{"BlkioDeviceReadBps", read_rates, AT(isolation.device_read_bps)},
	{"BlkioDeviceReadIOps", read_rates, AT(isolation.device_read_iops)},
	{"BlkioDeviceWriteBps", read_rates, AT(isolation.device_write_bps)},
	{"BlkioDeviceWriteIOps", read_rates, AT(isolation.device_write_iops)},
	{"BlkioWeight", body_u64, AT(isolation.blkio_weight)},
	{"BlkioWeightDevice", read_weights, AT(isolation.blkio_weight_devices)},
	{"CapAdd", read_cap_add, AT(isolation.cap_add)},
	{"CapDrop", read_cap_drop, AT(isolation.cap_drop)},
	{"Cgroup", body_refuse},
	{"CgroupParent", body_text, AT(cgroup_parent)},
	{"CgroupnsMode", read_private, AT(isolation.cgroupns)},
	{"ConsoleSize", body_ignore},	  /* a client sizes the terminal when it is attached */
	{"ContainerIDFile", body_ignore}, /* the client's own */
	{"CpuCount", body_ignore},	  /* of Windows, as CpuPercent, IOMaximum… */
	{"CpuPercent", body_ignore},
	{"CpuPeriod", body_u64, AT(cpu_period)},
	{"CpuQuota", body_i64, AT(cpu_quota)},
	{"CpuRealtimePeriod", body_refuse},
	{"CpuRealtimeRuntime", body_refuse},
	{"CpuShares", body_u64, AT(cpu_shares)},
	{"CpusetCpus", body_text, AT(cpuset_cpus)},
	{"CpusetMems", body_text, AT(cpuset_mems)},
	{"DeviceCgroupRules", read_device_rules, AT(isolation)},
	{"DeviceRequests", body_refuse},
	{"Devices", read_devices, AT(isolation.devices)},
	{"Dns", body_list, AT(dns)},
	{"DnsOptions", body_list, AT(dns_options)},
	{"DnsSearch", body_list, AT(dns_search)},
	{"ExtraHosts", read_hosts},
	{"GroupAdd", body_list, AT(isolation.group_add)},
	{"IOMaximumBandwidth", body_ignore},
	{"IOMaximumIOps", body_ignore},
	{"Init", body_flag, AT(isolation.init)},
	{"IpcMode", read_private, AT(isolation.ipc)},
	{"Isolation", read_isolation},
	{"KernelMemory", body_refuse},
	{"KernelMemoryTCP", body_refuse},
	{"Links", body_refuse},
	{"LogConfig", NULL, 0, log_members},
	{"MaskedPaths", read_masked, AT(isolation)},
	{"Memory", body_u64, AT(memory)},
	{"MemoryReservation", body_u64, AT(memory_reservation)},
	{"MemorySwap", body_i64, AT(memory_swap)},
	{"MemorySwappiness", body_i64, AT(isolation.memory_swappiness)},
	{"Mounts", read_mounts},
	{"NanoCpus", body_i64, AT(nano_cpus)},
	{"NetworkMode", body_text, AT(network)},
	{"OomKillDisable", body_flag, AT(isolation.oom_kill_disable)},
	{"OomScoreAdj", body_i64, AT(isolation.oom_score_adj)},
	{"PidMode", body_text, AT(isolation.pid)},
	{"PidsLimit", body_i64, AT(pids_limit)},
	{"PortBindings", read_ports},
	{"Privileged", body_flag, AT(isolation.privileged)},
	{"PublishAllPorts", body_flag, AT(publish_all)},
	{"ReadonlyPaths", read_readonly, AT(isolation)},
	{"ReadonlyRootfs", body_flag, AT(read_only)},
	{"RestartPolicy", create_restart_policy, AT(restart)},
	{"Runtime", body_text, AT(runtime)},
	{"SecurityOpt", read_security, AT(isolation)},
	{"ShmSize", body_u64, AT(isolation.shm_size)},
	{"StorageOpt", body_refuse},
	{"Sysctls", read_sysctls, AT(isolation)},
	{"Tmpfs", read_tmpfs},
	{"UTSMode", body_text, AT(isolation.uts)},
	{"Ulimits", read_ulimits, AT(isolation.ulimits)},
	{"UsernsMode", body_text, AT(isolation.userns)},
	{"VolumeDriver", read_volume_driver},
	{"VolumesFrom", body_refuse},
	{NULL},
};
