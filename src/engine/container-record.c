#include "engine/container-record.h"

#include "base/mem.h"
#include "base/parse.h"
#include "codec/json-write.h"
#include "codec/json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RECORD_VERSION 1
#define FIELDS_MAX     64

enum field_kind {
	FIELD_TEXT, /* char *; null when NULL */
	FIELD_LIST, /* struct strv */
	FIELD_FLAG, /* bool */
	FIELD_INT,
	FIELD_UINT, /* unsigned, and enumerations */
	FIELD_I64,
	FIELD_U64,
};

/* A member of a JSON object and where it lives in the structure: one table writes and reads. */
struct field {
	const char *key;
	enum field_kind kind;
	size_t offset;
};

#define AT(type, kind, key, member)                      \
	{                                                \
		key, kind, offsetof(struct type, member) \
	}

static const struct field container_fields[] = {
	AT(container, FIELD_TEXT, "name", name),
	AT(container, FIELD_TEXT, "imageId", image_id),
	AT(container, FIELD_I64, "created", created),
	AT(container, FIELD_I64, "started", started),
	AT(container, FIELD_LIST, "exposedPorts", exposed_ports),
};

static const struct field config_fields[] = {
	AT(container_config, FIELD_TEXT, "image", image),
	AT(container_config, FIELD_TEXT, "platform", platform),
	AT(container_config, FIELD_FLAG, "hasEntrypoint", has_entrypoint),
	AT(container_config, FIELD_LIST, "entrypoint", entrypoint),
	AT(container_config, FIELD_LIST, "command", command),
	AT(container_config, FIELD_LIST, "env", env),
	AT(container_config, FIELD_TEXT, "user", user),
	AT(container_config, FIELD_TEXT, "workingDir", working_dir),
	AT(container_config, FIELD_TEXT, "hostname", hostname),
	AT(container_config, FIELD_LIST, "labels", labels),
	AT(container_config, FIELD_FLAG, "openStdin", open_stdin),
	AT(container_config, FIELD_FLAG, "stdinOnce", stdin_once),
	AT(container_config, FIELD_FLAG, "tty", tty),
	AT(container_config, FIELD_FLAG, "autoRemove", auto_remove),
	AT(container_config, FIELD_FLAG, "readOnly", read_only),
	AT(container_config, FIELD_INT, "stopSignal", stop_signal),
	AT(container_config, FIELD_INT, "stopTimeout", stop_timeout),
	AT(container_config, FIELD_TEXT, "runtime", runtime),
	AT(container_config, FIELD_TEXT, "network", network),
	AT(container_config, FIELD_FLAG, "publishAll", publish_all),
	AT(container_config, FIELD_LIST, "exposedPorts", exposed_ports),
	AT(container_config, FIELD_LIST, "extraHosts", extra_hosts),
	AT(container_config, FIELD_LIST, "dns", dns),
	AT(container_config, FIELD_LIST, "dnsSearch", dns_search),
	AT(container_config, FIELD_LIST, "dnsOptions", dns_options),
	AT(container_config, FIELD_U64, "memory", memory),
	AT(container_config, FIELD_I64, "memorySwap", memory_swap),
	AT(container_config, FIELD_I64, "nanoCpus", nano_cpus),
	AT(container_config, FIELD_U64, "cpuShares", cpu_shares),
	AT(container_config, FIELD_I64, "pidsLimit", pids_limit),
	AT(container_config, FIELD_TEXT, "cgroupParent", cgroup_parent),
	AT(container_config, FIELD_U64, "memoryReservation", memory_reservation),
	AT(container_config, FIELD_U64, "cpuPeriod", cpu_period),
	AT(container_config, FIELD_I64, "cpuQuota", cpu_quota),
	AT(container_config, FIELD_TEXT, "cpusetCpus", cpuset_cpus),
	AT(container_config, FIELD_TEXT, "cpusetMems", cpuset_mems),
	AT(container_config, FIELD_UINT, "restartRetries", restart.retries),
};

static const struct field mount_fields[] = {
	AT(container_mount, FIELD_TEXT, "source", source),
	AT(container_mount, FIELD_TEXT, "target", target),
	AT(container_mount, FIELD_TEXT, "options", options),
	AT(container_mount, FIELD_FLAG, "readOnly", read_only),
	AT(container_mount, FIELD_FLAG, "noCopy", no_copy),
	AT(container_mount, FIELD_FLAG, "anonymous", anonymous),
};

static const char *const mount_kinds[] = {
	[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};

static void write_fields(struct json_writer *w, const struct field *fields, size_t count,
			 const void *base)
{
	for (size_t i = 0; i < count; i++) {
		const void *p = (const char *)base + fields[i].offset;
		const char *key = fields[i].key;

		switch (fields[i].kind) {
		case FIELD_TEXT:
			json_write_string(w, key, *(char *const *)p);
			break;
		case FIELD_LIST:
			json_write_strings(w, key, strv_argv(p));
			break;
		case FIELD_FLAG:
			json_write_bool(w, key, *(const bool *)p);
			break;
		case FIELD_INT:
			json_write_i64(w, key, *(const int *)p);
			break;
		case FIELD_UINT:
			json_write_u64(w, key, *(const unsigned *)p);
			break;
		case FIELD_I64:
			json_write_i64(w, key, *(const int64_t *)p);
			break;
		case FIELD_U64:
			json_write_u64(w, key, *(const uint64_t *)p);
			break;
		}
	}
}

static int bad(struct error *err, const char *key)
{
	return error_set(err, ERROR_CORRUPT, "record: \"%s\" is missing or malformed", key);
}

static int read_list(const struct json *value, const char *key, struct strv *ret, struct error *err)
{
	if (!json_is(value, JSON_ARRAY))
		return bad(err, key);
	for (size_t i = 0; i < json_count(value); i++) {
		const char *s = json_string(json_at(value, i));

		if (!s)
			return bad(err, key);
		strv_add(ret, s);
	}
	return 0;
}

static int read_field(const struct json *value, const struct field *field, void *base,
		      struct error *err)
{
	void *p = (char *)base + field->offset;
	int64_t number;

	switch (field->kind) {
	case FIELD_TEXT:
		if (json_kind(value) == JSON_NULL)
			return 0;
		if (!json_string(value))
			return bad(err, field->key);
		*(char **)p = mem_strdup(json_string(value));
		return 0;
	case FIELD_LIST:
		return read_list(value, field->key, p, err);
	case FIELD_FLAG:
		if (!json_is(value, JSON_BOOL))
			return bad(err, field->key);
		*(bool *)p = json_boolean(value, false);
		return 0;
	case FIELD_INT:
		if (json_i64(value, &number) < 0 || number < INT32_MIN || number > INT32_MAX)
			return bad(err, field->key);
		*(int *)p = (int)number;
		return 0;
	case FIELD_UINT:
		if (json_i64(value, &number) < 0 || number < 0 || number > UINT32_MAX)
			return bad(err, field->key);
		*(unsigned *)p = (unsigned)number;
		return 0;
	case FIELD_I64:
		return json_i64(value, p) < 0 ? bad(err, field->key) : 0;
	case FIELD_U64:
		return json_u64(value, p) < 0 ? bad(err, field->key) : 0;
	}
	return bad(err, field->key);
}

/* The keys an object may have: those of the table and the @extra ones that the caller reads. */
struct key_check {
	const struct field *fields;
	size_t count;
	const char *const *extra; /* ends with NULL */
	size_t seen;
};

static int check_key(const char *key, struct json *value, void *arg)
{
	struct key_check *check = arg;

	(void)value;
	check->seen++;
	for (size_t i = 0; i < check->count; i++)
		if (STREQ(check->fields[i].key, key))
			return 0;
	for (const char *const *extra = check->extra; *extra; extra++)
		if (STREQ(*extra, key))
			return 0;
	return 1;
}

static int read_fields(const struct json *object, const char *what, const struct field *fields,
		       size_t count, const char *const *extra, void *base, struct error *err)
{
	struct key_check check = {fields, count, extra, 0};
	size_t wanted = count;
	int r;

	if (!json_is(object, JSON_OBJECT))
		return bad(err, what);
	if (json_each(object, check_key, &check) != 0)
		return error_set(err, ERROR_CORRUPT, "record: an unknown member in \"%s\"", what);
	/* A text that is null looks like one that is missing, but only here it counts. */
	while (*extra++)
		wanted++;
	if (check.seen != wanted)
		return error_set(err, ERROR_CORRUPT, "record: a member of \"%s\" is missing", what);
	for (size_t i = 0; i < count; i++) {
		r = read_field(json_get(object, fields[i].key), &fields[i], base, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void write_ports(struct json_writer *w, const struct port_mapping *ports, size_t count)
{
	char address[INET_ADDRSTRLEN];

	json_array_begin(w, "ports");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w, NULL);
		json_write_string(w, "hostIp",
				  inet_ntop(AF_INET, &ports[i].host_ip, address, sizeof(address)));
		json_write_i64(w, "hostPort", ports[i].host_port);
		json_write_i64(w, "containerPort", ports[i].container_port);
		json_write_string(w, "protocol", ports[i].protocol == IPPROTO_UDP ? "udp" : "tcp");
		json_end(w);
	}
	json_end(w);
}

static int read_port(const struct json *object, struct port_mapping *ret)
{
	const char *ip = json_get_string(object, "hostIp");
	const char *protocol = json_get_string(object, "protocol");
	int64_t host = json_get_i64(object, "hostPort", -1);
	int64_t container = json_get_i64(object, "containerPort", -1);

	if (!ip || !protocol || host < 0 || host > UINT16_MAX || container < 1 ||
	    container > UINT16_MAX)
		return -EINVAL;
	if (!STREQ(protocol, "tcp") && !STREQ(protocol, "udp"))
		return -EINVAL;
	if (inet_pton(AF_INET, ip, &ret->host_ip) != 1)
		return -EINVAL;
	ret->host_port = (uint16_t)host;
	ret->container_port = (uint16_t)container;
	ret->protocol = STREQ(protocol, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	return 0;
}

static int read_ports(const struct json *array, struct port_mapping **ret, size_t *ret_count,
		      struct error *err)
{
	size_t count = json_count(array);

	if (!json_is(array, JSON_ARRAY) || count > PORTS_MAX)
		return bad(err, "ports");
	if (count == 0)
		return 0;
	*ret = mem_zero(count, sizeof(**ret));
	*ret_count = count;
	for (size_t i = 0; i < count; i++)
		if (read_port(json_at(array, i), &(*ret)[i]) < 0)
			return bad(err, "ports");
	return 0;
}

static void write_mounts(struct json_writer *w, const struct container_config *config)
{
	json_array_begin(w, "mounts");
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];

		json_object_begin(w, NULL);
		json_write_string(w, "kind", mount_kinds[mount->kind]);
		write_fields(w, mount_fields, ARRAY_SIZE(mount_fields), mount);
		json_write_string(w, "propagation", mount_propagation_name(mount->propagation));
		json_end(w);
	}
	json_end(w);
}

static int read_mount(const struct json *object, struct container_mount *ret, struct error *err)
{
	static const char *const extra[] = {"kind", "propagation", NULL};
	const char *kind = json_get_string(object, "kind");
	const char *propagation = json_get_string(object, "propagation");
	bool kind_known = false, propagation_known = false;

	for (size_t i = 0; kind && i < ARRAY_SIZE(mount_kinds); i++) {
		if (STREQ(kind, mount_kinds[i])) {
			ret->kind = (enum mount_kind)i;
			kind_known = true;
		}
	}
	for (int i = MOUNT_RPRIVATE; propagation && i <= MOUNT_SHARED; i++) {
		if (STREQ(propagation, mount_propagation_name((enum mount_propagation)i))) {
			ret->propagation = (enum mount_propagation)i;
			propagation_known = true;
		}
	}
	if (!kind_known || !propagation_known)
		return bad(err, "mounts");
	return read_fields(object, "mounts", mount_fields, ARRAY_SIZE(mount_fields), extra, ret,
			   err);
}

static int read_mounts(const struct json *array, struct container_config *config, struct error *err)
{
	if (!json_is(array, JSON_ARRAY) || json_count(array) > CONTAINER_MOUNTS_MAX)
		return bad(err, "mounts");
	for (size_t i = 0; i < json_count(array); i++) {
		CLEANUP(container_mount_release) struct container_mount mount = {0};
		int r = read_mount(json_at(array, i), &mount, err);

		if (r == 0 && !mount.target)
			r = bad(err, "mounts");
		if (r == 0)
			r = container_config_add_mount(config, &mount, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void container_record_write(const struct container *container, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "version", RECORD_VERSION);
	json_write_string(&w, "id", container->id);
	write_fields(&w, container_fields, ARRAY_SIZE(container_fields), container);
	json_object_begin(&w, "config");
	write_fields(&w, config_fields, ARRAY_SIZE(config_fields), &container->config);
	json_write_string(&w, "restart", restart_kind_name(container->config.restart.kind));
	write_ports(&w, container->config.ports, container->config.port_count);
	write_mounts(&w, &container->config);
	json_end(&w);
	json_end(&w);
}

static int read_restart(const struct json *value, enum restart_kind *ret, struct error *err)
{
	for (int i = RESTART_NO; json_string(value) && i <= RESTART_UNLESS_STOPPED; i++) {
		if (STREQ(json_string(value), restart_kind_name((enum restart_kind)i))) {
			*ret = (enum restart_kind)i;
			return 0;
		}
	}
	return bad(err, "restart");
}

static int read_config(const struct json *object, struct container_config *config,
		       struct error *err)
{
	static const char *const extra[] = {"restart", "ports", "mounts", NULL};
	int r;

	r = read_fields(object, "config", config_fields, ARRAY_SIZE(config_fields), extra, config,
			err);
	if (r == 0)
		r = read_restart(json_get(object, "restart"), &config->restart.kind, err);
	if (r == 0)
		r = read_ports(json_get(object, "ports"), &config->ports, &config->port_count, err);
	if (r == 0)
		r = read_mounts(json_get(object, "mounts"), config, err);
	return r;
}

int container_record_read(const char *text, size_t len, struct container *ret, struct error *err)
{
	static const char *const extra[] = {"version", "id", "config", NULL};
	auto_container container = {0};
	auto_json *root = NULL;
	const char *id;
	int r;

	if (json_parse(text, len, &root, NULL) < 0)
		return error_set(err, ERROR_CORRUPT, "record: not JSON");
	if (json_get_i64(root, "version", 0) != RECORD_VERSION)
		return error_set(err, ERROR_CORRUPT, "record: its version is not %d",
				 RECORD_VERSION);
	id = json_get_string(root, "id");
	if (!id || !parse_is_hex(id, CONTAINER_ID_SIZE - 1))
		return bad(err, "id");
	(void)snprintf(container.id, sizeof(container.id), "%s", id);
	r = read_fields(root, "container", container_fields, ARRAY_SIZE(container_fields), extra,
			&container, err);
	if (r == 0)
		r = read_config(json_get(root, "config"), &container.config, err);
	if (r == 0 && (!container.name || !container.image_id))
		r = bad(err, "name");
	if (r < 0)
		return r;
	*ret = container;
	container = (struct container) {0};
	return 0;
}

void container_network_write(const struct container_network *network, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "address", network->address);
	json_write_i64(&w, "prefix", network->prefix);
	json_write_string(&w, "gateway", network->gateway);
	json_write_string(&w, "mac", network->mac);
	json_write_string(&w, "interface", network->interface);
	write_ports(&w, network->ports, network->port_count);
	json_end(&w);
}

static int copy_member(const struct json *object, const char *key, char *ret, size_t size)
{
	const char *s = json_get_string(object, key);

	return s && (size_t)snprintf(ret, size, "%s", s) < size ? 0 : -EINVAL;
}

int container_network_read(const char *text, size_t len, struct container_network *ret,
			   struct error *err)
{
	struct container_network network = {0};
	auto_json *root = NULL;
	int64_t prefix;
	int r;

	if (json_parse(text, len, &root, NULL) < 0)
		return error_set(err, ERROR_CORRUPT, "network record: not JSON");
	prefix = json_get_i64(root, "prefix", -1);
	if (prefix < 0 || prefix > 32 ||
	    copy_member(root, "address", network.address, sizeof(network.address)) < 0 ||
	    copy_member(root, "gateway", network.gateway, sizeof(network.gateway)) < 0 ||
	    copy_member(root, "mac", network.mac, sizeof(network.mac)) < 0 ||
	    copy_member(root, "interface", network.interface, sizeof(network.interface)) < 0)
		return error_set(err, ERROR_CORRUPT, "network record: malformed");
	network.prefix = (unsigned)prefix;
	r = read_ports(json_get(root, "ports"), &network.ports, &network.port_count, err);
	if (r < 0) {
		mem_freep(&network.ports);
		return r;
	}
	*ret = network;
	return 0;
}
