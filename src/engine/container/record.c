#include "engine/container/record.h"

#include "base/mem.h"
#include "base/parse.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "engine/fields.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RECORD_VERSION 1

static const struct field container_rows[] = {
	FIELD(container, FIELD_TEXT, "name", name),
	FIELD(container, FIELD_TEXT, "imageId", image_id),
	FIELD(container, FIELD_I64, "created", created),
	FIELD(container, FIELD_I64, "started", started),
	FIELD(container, FIELD_LIST, "exposedPorts", exposed_ports),
};
static const struct fields container_fields = FIELDS(container, container_rows);

static const struct field mount_rows[] = {
	FIELD(container_mount, FIELD_TEXT, "source", source),
	FIELD(container_mount, FIELD_TEXT, "target", target),
	FIELD(container_mount, FIELD_TEXT, "options", options),
	FIELD(container_mount, FIELD_FLAG, "readOnly", read_only),
	FIELD(container_mount, FIELD_FLAG, "noCopy", no_copy),
	FIELD(container_mount, FIELD_FLAG, "anonymous", anonymous),
	FIELD(container_mount, FIELD_FLAG, "mustExist", must_exist),
};
static const struct fields mount_fields = FIELDS(container_mount, mount_rows);

static const char *const mount_recursions[] = {
	[MOUNT_RECURSIVE] = "recursive",
	[MOUNT_WRITABLE_BELOW] = "writable-below",
	[MOUNT_NOT_RECURSIVE] = "no",
};

static const char *const mount_kinds[] = {
	[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};

static void write_ports(struct json_writer *w, const struct port_mapping *ports, size_t count)
{
	char address[INET_ADDRSTRLEN];

	json_array_begin(w, "ports");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w, NULL);
		json_write_string(w, "hostIp",
				  inet_ntop(AF_INET, &ports[i].host_ip, address, sizeof(address)));
		json_write_i64(w, "hostPort", ports[i].host_port);
		if (ports[i].host_port_last)
			json_write_i64(w, "hostPortLast", ports[i].host_port_last);
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
	int64_t last = json_get_i64(object, "hostPortLast", 0);
	int64_t container = json_get_i64(object, "containerPort", -1);

	if (!ip || !protocol || host < 0 || host > UINT16_MAX || last < 0 || last > UINT16_MAX ||
	    container < 1 || container > UINT16_MAX)
		return -EINVAL;
	if (!STREQ(protocol, "tcp") && !STREQ(protocol, "udp"))
		return -EINVAL;
	if (inet_pton(AF_INET, ip, &ret->host_ip) != 1)
		return -EINVAL;
	ret->host_port = (uint16_t)host;
	ret->host_port_last = (uint16_t)last;
	ret->container_port = (uint16_t)container;
	ret->protocol = STREQ(protocol, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	return 0;
}

static int read_ports(const struct json *array, struct port_mapping **ret, size_t *ret_count,
		      struct error *err)
{
	size_t count = json_count(array);

	if (!json_is(array, JSON_ARRAY) || count > PORTS_MAX)
		return fields_bad(err, "ports");
	if (count == 0)
		return 0;
	*ret = mem_zero(count, sizeof(**ret));
	*ret_count = count;
	for (size_t i = 0; i < count; i++)
		if (read_port(json_at(array, i), &(*ret)[i]) < 0)
			return fields_bad(err, "ports");
	return 0;
}

static void write_mounts(struct json_writer *w, const struct container_config *config)
{
	json_array_begin(w, "mounts");
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];

		json_object_begin(w, NULL);
		json_write_string(w, "kind", mount_kinds[mount->kind]);
		fields_write(&mount_fields, mount, w);
		json_write_string(w, "propagation", mount_propagation_name(mount->propagation));
		json_write_string(w, "recursion", mount_recursions[mount->recursion]);
		json_end(w);
	}
	json_end(w);
}

static int read_mount(const struct json *object, struct container_mount *ret, struct error *err)
{
	static const char *const extra[] = {"kind", "propagation", "recursion", NULL};
	const char *recursion = json_get_string(object, "recursion");
	const char *kind = json_get_string(object, "kind");
	const char *propagation = json_get_string(object, "propagation");
	bool kind_known = false, propagation_known = false, recursion_known = false;

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
	for (size_t i = 0; recursion && i < ARRAY_SIZE(mount_recursions); i++) {
		if (STREQ(recursion, mount_recursions[i])) {
			ret->recursion = (enum mount_recursion)i;
			recursion_known = true;
		}
	}
	if (!kind_known || !propagation_known || !recursion_known)
		return fields_bad(err, "mounts");
	return fields_read(&mount_fields, object, "mounts", extra, ret, err);
}

static int read_mounts(const struct json *array, struct container_config *config, struct error *err)
{
	if (!json_is(array, JSON_ARRAY) || json_count(array) > CONTAINER_MOUNTS_MAX)
		return fields_bad(err, "mounts");
	for (size_t i = 0; i < json_count(array); i++) {
		CLEANUP(container_mount_release) struct container_mount mount = {0};
		int r = read_mount(json_at(array, i), &mount, err);

		if (r == 0 && !mount.target)
			r = fields_bad(err, "mounts");
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
	fields_write(&container_fields, container, &w);
	json_object_begin(&w, "config");
	fields_write(&container_config_fields, &container->config, &w);
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
	return fields_bad(err, "restart");
}

static int read_config(const struct json *object, struct container_config *config,
		       struct error *err)
{
	static const char *const extra[] = {"restart", "ports", "mounts", NULL};
	int r;

	container_config_init(config);
	r = fields_update(&container_config_fields, object, "config", extra, config, err);
	if (r == 0 && json_has(object, "restart"))
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
		return fields_bad(err, "id");
	(void)snprintf(container.id, sizeof(container.id), "%s", id);
	r = fields_read(&container_fields, root, "container", extra, &container, err);
	if (r == 0)
		r = read_config(json_get(root, "config"), &container.config, err);
	if (r == 0 && (!container.name || !container.image_id))
		r = fields_bad(err, "name");
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

/* Members that the tables do not have. */
static void pack_rest(const struct container_config *config, struct str *out)
{
	uint32_t ports = (uint32_t)config->port_count, mounts = (uint32_t)config->mount_count;

	pack_bytes(out, &config->restart.kind, sizeof(config->restart.kind));
	pack_bytes(out, &ports, sizeof(ports));
	pack_bytes(out, config->ports, ports * sizeof(*config->ports));
	pack_bytes(out, &mounts, sizeof(mounts));
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];

		pack_bytes(out, &mount->kind, sizeof(mount->kind));
		pack_bytes(out, &mount->propagation, sizeof(mount->propagation));
		fields_pack(&mount_fields, mount, out);
	}
}

static void unpack_mounts(struct unpacker *in, struct container_config *config)
{
	uint32_t count = unpack_count(in, sizeof(enum mount_kind));

	config->mounts = count ? mem_zero(count, sizeof(*config->mounts)) : NULL;
	config->mount_count = count;
	for (size_t i = 0; i < count && !in->bad; i++) {
		struct container_mount *mount = &config->mounts[i];

		unpack_bytes(in, &mount->kind, sizeof(mount->kind));
		unpack_bytes(in, &mount->propagation, sizeof(mount->propagation));
		fields_unpack(&mount_fields, in, mount);
		in->bad |= mount->kind > MOUNT_TMPFS || mount->propagation > MOUNT_SHARED ||
			   !mount->target;
	}
}

static void unpack_rest(struct unpacker *in, struct container_config *config)
{
	uint32_t ports;

	unpack_bytes(in, &config->restart.kind, sizeof(config->restart.kind));
	in->bad |= config->restart.kind > RESTART_UNLESS_STOPPED;
	ports = unpack_count(in, sizeof(*config->ports));
	config->ports = ports ? mem_zero(ports, sizeof(*config->ports)) : NULL;
	config->port_count = ports;
	if (ports)
		unpack_bytes(in, config->ports, ports * sizeof(*config->ports));
	unpack_mounts(in, config);
}

void container_pack(const struct container *container, struct str *out)
{
	pack_bytes(out, container->id, sizeof(container->id));
	fields_pack(&container_fields, container, out);
	fields_pack(&container_config_fields, &container->config, out);
	pack_rest(&container->config, out);
}

void container_unpack(struct unpacker *in, struct container *container)
{
	unpack_bytes(in, container->id, sizeof(container->id));
	fields_unpack(&container_fields, in, container);
	fields_unpack(&container_config_fields, in, &container->config);
	unpack_rest(in, &container->config);
	in->bad |= container->id[CONTAINER_ID_SIZE - 1] != '\0' || !container->name ||
		   !container->image_id;
}

uint64_t container_pack_layout(void)
{
	uint64_t hash = sizeof(struct port_mapping);

	hash = fields_hash(&container_fields, hash);
	hash = fields_hash(&container_config_fields, hash);
	return fields_hash(&mount_fields, hash);
}
