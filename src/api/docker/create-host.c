#include "api/docker/create-host.h"

#include "base/mem.h"
#include "base/str.h"
#include "engine/container-config.h"

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

static int read_restart_name(const struct json *value, void *field, struct error *err)
{
	static const char *const known[] = {"no", NULL};

	(void)field;
	return check_text(value, known, err);
}

static const struct body_member restart_members[] = {
	{"Name", read_restart_name},
	{"MaximumRetryCount", body_refuse},
	{NULL},
};

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

static int read_private(const struct json *value, void *field, struct error *err)
{
	static const char *const known[] = {"private", NULL};

	(void)field;
	return check_text(value, known, err);
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

/* ---- limits ---- */

/* -1: the kernel's own, which is what we leave alone. */
static int read_swappiness(const struct json *value, void *field, struct error *err)
{
	int64_t number;

	(void)field;
	if (json_i64(value, &number) == 0 && number == -1)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "is not supported yet: leave it out");
}

/* Lists of which an empty one is a request too: nothing is to be masked. */
static int refuse_any(const struct json *value, void *field, struct error *err)
{
	(void)value;
	(void)field;
	return error_set(err, ERROR_UNSUPPORTED, "is not supported yet: leave it out");
}

const struct body_member create_host_members[] = {
	{"Annotations", body_refuse},
	{"AutoRemove", body_flag, AT(auto_remove)},
	{"Binds", read_binds},
	{"BlkioDeviceReadBps", body_refuse},
	{"BlkioDeviceReadIOps", body_refuse},
	{"BlkioDeviceWriteBps", body_refuse},
	{"BlkioDeviceWriteIOps", body_refuse},
	{"BlkioWeight", body_refuse},
	{"BlkioWeightDevice", body_refuse},
	{"CapAdd", body_refuse},
	{"CapDrop", body_refuse},
	{"Cgroup", body_refuse},
	{"CgroupParent", body_text, AT(cgroup_parent)},
	{"CgroupnsMode", read_private},
	{"ConsoleSize", body_ignore},	  /* a client sizes the terminal when it is attached */
	{"ContainerIDFile", body_ignore}, /* the client's own */
	{"CpuCount", body_ignore},	  /* of Windows, as CpuPercent, IOMaximum… */
	{"CpuPercent", body_ignore},
	{"CpuPeriod", body_refuse},
	{"CpuQuota", body_refuse},
	{"CpuRealtimePeriod", body_refuse},
	{"CpuRealtimeRuntime", body_refuse},
	{"CpuShares", body_u64, AT(cpu_shares)},
	{"CpusetCpus", body_refuse},
	{"CpusetMems", body_refuse},
	{"DeviceCgroupRules", body_refuse},
	{"DeviceRequests", body_refuse},
	{"Devices", body_refuse},
	{"Dns", body_list, AT(dns)},
	{"DnsOptions", body_list, AT(dns_options)},
	{"DnsSearch", body_list, AT(dns_search)},
	{"ExtraHosts", read_hosts},
	{"GroupAdd", body_refuse},
	{"IOMaximumBandwidth", body_ignore},
	{"IOMaximumIOps", body_ignore},
	{"Init", body_refuse},
	{"IpcMode", read_private},
	{"Isolation", read_isolation},
	{"KernelMemory", body_refuse},
	{"KernelMemoryTCP", body_refuse},
	{"Links", body_refuse},
	{"LogConfig", NULL, 0, log_members},
	{"MaskedPaths", refuse_any},
	{"Memory", body_u64, AT(memory)},
	{"MemoryReservation", body_refuse},
	{"MemorySwap", body_i64, AT(memory_swap)},
	{"MemorySwappiness", read_swappiness},
	{"Mounts", read_mounts},
	{"NanoCpus", body_i64, AT(nano_cpus)},
	{"NetworkMode", body_text, AT(network)},
	{"OomKillDisable", body_refuse},
	{"OomScoreAdj", body_refuse},
	{"PidMode", body_refuse},
	{"PidsLimit", body_i64, AT(pids_limit)},
	{"PortBindings", read_ports},
	{"Privileged", body_refuse},
	{"PublishAllPorts", body_flag, AT(publish_all)},
	{"ReadonlyPaths", refuse_any},
	{"ReadonlyRootfs", body_flag, AT(read_only)},
	{"RestartPolicy", NULL, 0, restart_members},
	{"Runtime", body_text, AT(runtime)},
	{"SecurityOpt", body_refuse},
	{"ShmSize", body_refuse},
	{"StorageOpt", body_refuse},
	{"Sysctls", body_refuse},
	{"Tmpfs", read_tmpfs},
	{"UTSMode", body_refuse},
	{"Ulimits", body_refuse},
	{"UsernsMode", body_refuse},
	{"VolumeDriver", read_volume_driver},
	{"VolumesFrom", body_refuse},
	{NULL},
};
