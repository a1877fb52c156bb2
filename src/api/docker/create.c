#include "api/docker/create.h"

#include "api/docker/body.h"
#include "api/docker/create-host.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct container_config, field)

static int read_command(const struct json *value, void *target, struct error *err)
{
	struct container_config *config = target;

	return body_command(value, &config->command, err);
}

/* [""] takes the image's entrypoint away, as an empty --entrypoint does. */
static int read_entrypoint(const struct json *value, void *target, struct error *err)
{
	struct container_config *config = target;
	struct strv *entrypoint = &config->entrypoint;
	int r = body_command(value, entrypoint, err);

	if (r < 0)
		return r;
	if (entrypoint->n == 1 && !*entrypoint->v[0])
		strv_release(entrypoint);
	config->has_entrypoint = true;
	return 0;
}

static int read_env(const struct json *value, void *target, struct error *err)
{
	struct container_config *config = target;
	auto_strv list = {0};
	int r = body_list(value, &list, err);

	strv_release(&config->env);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		if (!*list.v[i] || *list.v[i] == '=')
			return error_set(err, ERROR_INVALID, "invalid environment variable: %s",
					 list.v[i]);
		strv_set_pair(&config->env, list.v[i]);
	}
	return r;
}

static int read_labels(const struct json *value, void *target, struct error *err)
{
	struct container_config *config = target;

	return body_pairs(value, &config->labels, err);
}

/* {"/data": {}}: anonymous volumes. A volume that HostConfig mounts there comes first. */
static int read_volumes(const struct json *value, void *target, struct error *err)
{
	struct container_config *config = target;
	auto_strv targets = {0};
	int r = body_names(value, &targets, err);

	for (size_t i = 0; r == 0 && i < targets.n; i++) {
		auto_free char *path = path_clean(targets.v[i]);
		bool taken = false;

		for (size_t k = 0; path && k < config->mount_count; k++)
			taken |= STREQ(config->mounts[k].target, path);
		if (!taken)
			r = container_config_add_volume(config, targets.v[i], err);
	}
	return r;
}

/* {"80/tcp": {}}: a port or a range of them, without a place on the host. */
static int read_exposed(const struct json *value, void *field, struct error *err)
{
	auto_strv ports = {0};
	int r = body_names(value, &ports, err);

	for (size_t i = 0; r == 0 && i < ports.n; i++) {
		auto_free struct port_mapping *list = NULL;
		size_t count = 0;

		if (strchr(ports.v[i], ':'))
			return error_set(err, ERROR_INVALID, "invalid port: %s", ports.v[i]);
		r = port_parse(ports.v[i], &list, &count, err);
	}
	if (r < 0)
		return r;
	strv_release(field);
	*(struct strv *)field = ports;
	ports = (struct strv) {0};
	return 0;
}

static int read_stop_signal(const struct json *value, void *field, struct error *err)
{
	auto_free char *text = NULL;
	int r = body_text(value, &text, err);

	return r < 0 || !text ? r : container_signal_parse(text, field, err);
}

static int read_stop_timeout(const struct json *value, void *field, struct error *err)
{
	int seconds, r = body_int(value, &seconds, err);

	if (r < 0)
		return r;
	if (seconds < -1 || seconds > INT32_MAX / 1000)
		return error_set(err, ERROR_INVALID, "must be -1 or a number of seconds");
	*(int *)field = seconds;
	return 0;
}

/* Nothing to check: {}, {"Test": []} (what the image says: kist runs none) and ["NONE"]. */
static int read_health(const struct json *value, void *field, struct error *err)
{
	const struct json *test = body_get(value, "Test");
	const char *kind = json_string(json_at(test, 0));

	(void)field;
	if (json_count(test) == 0 || (kind && STREQ(kind, "NONE")))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED,
			 "health checks are not supported yet: leave it out");
}

static const struct body_member endpoint_members[] = {
	{"IPAMConfig", body_refuse},
	{"Links", body_refuse},
	{"Aliases", body_refuse},
	{"MacAddress", body_refuse},
	{"DriverOpts", body_refuse},
	{"GwPriority", body_refuse},
	{NULL},
};

struct endpoints {
	const char *network;
	struct error *err;
};

static bool is_bridge(const char *network)
{
	return STREQ(network, "default") || STREQ(network, "bridge");
}

static int check_endpoint(const char *name, struct json *value, void *arg)
{
	const struct endpoints *endpoints = arg;
	auto_error why = {0};
	int r;

	if (!STREQ(name, endpoints->network) && !(is_bridge(name) && is_bridge(endpoints->network)))
		return error_set(endpoints->err, ERROR_UNSUPPORTED,
				 "NetworkingConfig.EndpointsConfig: a container has one network, "
				 "and HostConfig.NetworkMode says %s, not %s",
				 endpoints->network, name);
	if (json_kind(value) == JSON_NULL)
		return 0;
	r = body_read(value, endpoint_members, NULL, &why);
	if (r < 0)
		return error_set(endpoints->err, why.kind, "NetworkingConfig.EndpointsConfig.%s.%s",
				 name, why.message);
	return 0;
}

static int read_networking(const struct json *root, struct container_config *config,
			   struct error *err)
{
	const struct json *all = body_get(body_get(root, "NetworkingConfig"), "EndpointsConfig");
	struct endpoints endpoints = {config->network, err};

	if (json_size(all) == 0)
		return 0;
	return json_each(all, check_endpoint, &endpoints);
}

/* HostConfig stands before Volumes: what it mounts takes precedence. */
static const struct body_member host_first[] = {
	{"HostConfig", NULL, 0, create_host_members},
	{NULL},
};

static const struct body_member members[] = {
	{"ArgsEscaped", body_ignore}, /* of Windows */
	{"AttachStderr", body_ignore},
	{"AttachStdin", body_ignore},
	{"AttachStdout", body_ignore},
	{"Cmd", read_command},
	{"Domainname", body_text, AT(isolation.domainname)},
	{"Entrypoint", read_entrypoint},
	{"Env", read_env},
	{"ExposedPorts", read_exposed, AT(exposed_ports)},
	{"Healthcheck", read_health},
	{"Hostname", body_text, AT(hostname)},
	{"Image", body_text, AT(image)},
	{"Labels", read_labels},
	{"MacAddress", body_text, AT(isolation.mac_address)},
	{"NetworkDisabled", body_refuse},
	{"OnBuild", body_ignore}, /* says something of images made from it, not of the container */
	{"OpenStdin", body_flag, AT(open_stdin)},
	{"Shell", body_ignore}, /* as OnBuild */
	{"StdinOnce", body_flag, AT(stdin_once)},
	{"StopSignal", read_stop_signal, AT(stop_signal)},
	{"StopTimeout", read_stop_timeout, AT(stop_timeout)},
	{"Tty", body_flag, AT(tty)},
	{"User", body_text, AT(user)},
	{"Volumes", read_volumes},
	{"WorkingDir", body_text, AT(working_dir)},
	{NULL},
};

static char *query_text(const char *text)
{
	return text && *text ? mem_strdup(text) : NULL;
}

static int decode(const struct json *root, struct container_config *config, struct error *err)
{
	int r;

	r = body_read(root, host_first, config, err);
	if (r == 0)
		r = body_read(root, members, config, err);
	if (r < 0)
		return r;
	if (!config->network)
		config->network = mem_strdup("bridge");
	r = read_networking(root, config, err);
	if (r < 0)
		return r;
	if (STREQ(config->network, "default")) {
		free(config->network);
		config->network = mem_strdup("bridge");
	}
	if (!config->image)
		return error_set(err, ERROR_INVALID, "no image specified");
	return 0;
}

int create_decode(const struct json *body, const char *name, const char *platform,
		  struct container_config *ret, struct error *err)
{
	auto_container_config config;
	int r;

	container_config_init(&config);
	/* Docker lists names with a slash, and takes them so. */
	config.name = query_text(name && *name == '/' ? name + 1 : name);
	config.platform = query_text(platform);
	r = decode(body, &config, err);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct container_config) {0};
	return 0;
}
