#include "api/docker/container-filter.h"

#include "api/docker/document.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <regex.h>
#include <string.h>

#define ID_DIGITS_MIN 12 /* shorter ones may be names */

static bool match_id(const void *object, const char *value)
{
	return str_starts(((const struct container *)object)->id, value);
}

/* A regular expression, found anywhere in the name, with or without Docker's slash before it. */
static bool match_name(const void *object, const char *value)
{
	const struct container *container = object;
	auto_free char *slashed = mem_printf("/%s", container->name);
	regex_t expression;
	bool found;

	if (regcomp(&expression, value, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = regexec(&expression, container->name, 0, NULL, 0) == 0 ||
		regexec(&expression, slashed, 0, NULL, 0) == 0;
	regfree(&expression);
	return found;
}

static int check_name(const char *value, struct error *err)
{
	regex_t expression;

	if (regcomp(&expression, value, REG_EXTENDED | REG_NOSUB) != 0)
		return error_set(err, ERROR_INVALID,
				 "invalid filter 'name=%s': not a regular expression", value);
	regfree(&expression);
	return 0;
}

static bool match_status(const void *object, const char *value)
{
	return STREQ(document_state_name(object), value);
}

static int check_status(const char *value, struct error *err)
{
	static const char *const known[] = {"created",	"running", "paused", "restarting",
					    "removing", "exited",  "dead"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (STREQ(known[i], value))
			return 0;
	return error_set(err, ERROR_INVALID, "invalid filter 'status=%s'", value);
}

static bool match_exited(const void *object, const char *value)
{
	const struct container *container = object;
	int64_t code;

	return container->state == CONTAINER_EXITED && parse_i64(value, &code) == 0 &&
	       code == container->exit_code;
}

static int check_exited(const char *value, struct error *err)
{
	int64_t code;

	if (parse_i64(value, &code) < 0)
		return error_set(err, ERROR_INVALID, "invalid filter 'exited=%s': not a number",
				 value);
	return 0;
}

static bool match_label(const void *object, const char *value)
{
	return filter_label(&((const struct container *)object)->config.labels, value);
}

/* The image by its name, with or without tag, or by its id. */
static bool match_ancestor(const void *object, const char *value)
{
	const struct container *container = object;
	const char *image = container->config.image, *digits = strchr(container->image_id, ':');
	size_t len = strlen(value);

	return STREQ(image, value) || (str_starts(image, value) && image[len] == ':') ||
	       (str_starts(value, image) && STREQ(value + strlen(image), ":latest")) ||
	       STREQ(container->image_id, value) ||
	       (len >= ID_DIGITS_MIN && digits && str_starts(digits + 1, value));
}

/* kist runs no health checks. */
static bool match_health(const void *object, const char *value)
{
	(void)object;
	return STREQ(value, "none");
}

static int check_health(const char *value, struct error *err)
{
	static const char *const known[] = {"starting", "healthy", "unhealthy", "none"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (STREQ(known[i], value))
			return 0;
	return error_set(err, ERROR_INVALID, "invalid filter 'health=%s'", value);
}

static bool match_network(const void *object, const char *value)
{
	return STREQ(((const struct container *)object)->config.network, value);
}

/* A volume by its name, or any mount by its place in the container or on the host. */
static bool match_volume(const void *object, const char *value)
{
	const struct container_config *config = &((const struct container *)object)->config;

	for (size_t i = 0; i < config->mount_count; i++)
		if (STREQ(config->mounts[i].target, value) ||
		    (config->mounts[i].source && STREQ(config->mounts[i].source, value)))
			return true;
	return false;
}

/* "80", "80/udp", "80-90/tcp": whether one of these is among @ports. */
static bool match_ports(const struct port_mapping *ports, size_t count, const char *value)
{
	auto_free struct port_mapping *wanted = NULL;
	size_t wanted_count = 0;

	if (port_parse(value, &wanted, &wanted_count, NULL) < 0)
		return false;
	for (size_t i = 0; i < wanted_count; i++)
		for (size_t k = 0; k < count; k++)
			if (ports[k].container_port == wanted[i].container_port &&
			    ports[k].protocol == wanted[i].protocol)
				return true;
	return false;
}

static int check_ports(const char *value, struct error *err)
{
	auto_free struct port_mapping *wanted = NULL;
	size_t count = 0;

	if (strchr(value, ':') || port_parse(value, &wanted, &count, NULL) < 0)
		return error_set(err, ERROR_INVALID, "invalid port: %s", value);
	return 0;
}

static bool match_publish(const void *object, const char *value)
{
	const struct container_config *config = &((const struct container *)object)->config;

	return match_ports(config->ports, config->port_count, value);
}

static bool match_expose(const void *object, const char *value)
{
	const struct container *container = object;

	for (size_t i = 0; i < container->exposed_ports.n; i++) {
		auto_free struct port_mapping *ports = NULL;
		size_t count = 0;

		if (port_parse(container->exposed_ports.v[i], &ports, &count, NULL) == 0 &&
		    match_ports(ports, count, value))
			return true;
	}
	return match_publish(object, value);
}

const struct filter container_filters[] = {
	{"ancestor", match_ancestor, NULL, false},
	{"exited", match_exited, check_exited, false},
	{"expose", match_expose, check_ports, false},
	{"health", match_health, check_health, false},
	{"id", match_id, NULL, false},
	{"label", match_label, NULL, true},
	{"name", match_name, check_name, false},
	{"network", match_network, NULL, false},
	{"publish", match_publish, check_ports, false},
	{"status", match_status, check_status, false},
	{"volume", match_volume, NULL, false},
	{NULL},
};
