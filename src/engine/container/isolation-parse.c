/* The arguments of Docker's command line that container/isolation.h takes. */
#include "engine/container/isolation.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "engine/container/config.h"
#include "spec/capability.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define ACCESS_ALL "rwm"

int container_add_capability(struct strv *list, const char *what, const char *text,
			     struct error *err)
{
	auto_free char *name = mem_strdup(text);
	bool prefixed = strncasecmp(text, "CAP_", 4) == 0;
	int number = capability_parse(text);

	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (STREQ(name, "ALL")) {
		strv_add(list, name);
		return 0;
	}
	if (number < 0)
		return error_set(err, ERROR_INVALID, "invalid %s: unknown capability: \"%s%s\"",
				 what, prefixed ? "" : "CAP_", name);
	strv_add(list, capability_name((unsigned)number));
	return 0;
}

static int invalid_option(const char *text, struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid --security-opt 2: \"%s\"", text);
}

int container_add_security_option(struct container_isolation *isolation, const char *text,
				  struct error *err)
{
	size_t len = strchr(text, '=') ? strcspn(text, "=") : strcspn(text, ":");
	auto_free char *key = mem_strndup(text, len);
	const char *value = text + len + 1;

	if (STREQ(text, "no-new-privileges")) {
		isolation->no_new_privileges = true;
		return 0;
	}
	if (STREQ(text, "disable")) {
		strv_add(&isolation->labels, text);
		return 0;
	}
	if (!text[len])
		return error_set(err, ERROR_INVALID, "invalid --security-opt 1: \"%s\"", text);
	if (STREQ(key, "label")) {
		strv_add(&isolation->labels, value);
	} else if (STREQ(key, "apparmor")) {
		mem_freep(&isolation->apparmor);
		isolation->apparmor = mem_strdup(value);
	} else if (STREQ(key, "seccomp")) {
		mem_freep(&isolation->seccomp);
		isolation->seccomp = *value ? mem_strdup(value) : NULL;
	} else if (!STREQ(key, "no-new-privileges") ||
		   parse_bool(value, &isolation->no_new_privileges) < 0) {
		return invalid_option(text, err);
	}
	return 0;
}

static bool is_access(const char *text)
{
	unsigned seen = 0;

	for (const char *p = text; *p; p++) {
		const char *at = strchr(ACCESS_ALL, *p);
		unsigned bit = at ? 1u << (at - ACCESS_ALL) : 0;

		if (!bit || (seen & bit))
			return false;
		seen |= bit;
	}
	return *text != '\0';
}

/* As the docker command does it: what stands second is a mode if it looks like one. */
int container_add_device(struct container_isolation *isolation, const char *text, struct error *err)
{
	auto_free char *copy = mem_strdup(text);
	char *rest = copy, *parts[4] = {NULL};
	const char *target, *access = ACCESS_ALL;
	struct container_device *device;
	size_t n = 0;

	while (n < ARRAY_SIZE(parts) && (parts[n] = strsep(&rest, ":")))
		n++;
	if (n > 3 || !*parts[0])
		return error_set(err, ERROR_INVALID, "bad format for path: %s", text);
	target = n == 1 || (n == 2 && is_access(parts[1])) ? parts[0] : parts[1];
	if (n == 2 && target == parts[0])
		access = parts[1];
	if (n == 3)
		access = parts[2];
	if (!is_access(access))
		return error_set(err, ERROR_INVALID, "bad mode specified: %s", access);
	if (*target != '/')
		return error_set(err, ERROR_INVALID, "%s is not an absolute path", target);
	device = field_array_add(&isolation->devices, sizeof(*device));
	device->source = mem_strdup(parts[0]);
	device->target = path_clean(target);
	device->access = mem_strdup(access);
	return 0;
}

static bool skip_number(const char **text)
{
	size_t len = strspn(*text, "0123456789");

	if (**text == '*')
		len = 1;
	*text += len;
	return len > 0 && len <= 9;
}

int container_add_device_rule(struct container_isolation *isolation, const char *text,
			      struct error *err)
{
	const char *p = text + 1;
	bool valid = *text && strchr("abc", *text) && *p++ == ' ';

	valid = valid && skip_number(&p) && *p++ == ':' && skip_number(&p) && *p++ == ' ';
	if (!valid || strlen(p) > 3 || !*p || strspn(p, ACCESS_ALL) != strlen(p))
		return error_set(err, ERROR_INVALID, "invalid device cgroup format '%s'", text);
	strv_add(&isolation->device_rules, text);
	return 0;
}

static bool is_ulimit(const char *name)
{
	static const char *const names[] = {
		"core",	  "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue", "nice",
		"nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (STREQ(names[i], name))
			return true;
	return false;
}

int container_add_ulimit(struct container_isolation *isolation, const char *text, struct error *err)
{
	size_t len = strcspn(text, "=");
	auto_free char *name = mem_strndup(text, len);
	auto_free char *values = mem_strdup(text[len] ? text + len + 1 : "");
	char *colon = strchr(values, ':');
	struct container_ulimit *limit = NULL;
	int64_t soft, hard;

	if (!text[len])
		return error_set(err, ERROR_INVALID, "invalid ulimit argument: %s", text);
	if (!is_ulimit(name))
		return error_set(err, ERROR_INVALID, "invalid ulimit type: %s", name);
	if (colon)
		*colon = '\0';
	if (colon && strchr(colon + 1, ':'))
		return error_set(err, ERROR_INVALID,
				 "too many limit value arguments - %s, can only have up to two, "
				 "`soft[:hard]`",
				 text + len + 1);
	if (parse_i64(values, &soft) < 0 || soft < -1)
		return error_set(err, ERROR_INVALID, "invalid ulimit value: \"%s\"", values);
	if (parse_i64(colon ? colon + 1 : values, &hard) < 0 || hard < -1)
		return error_set(err, ERROR_INVALID, "invalid ulimit value: \"%s\"", colon + 1);
	if (hard != -1 && (soft == -1 || soft > hard))
		return error_set(err, ERROR_INVALID,
				 "ulimit soft limit must be less than or equal to hard limit: %lld "
				 "> %lld",
				 (long long)soft, (long long)hard);
	for (size_t i = 0; i < isolation->ulimits.n; i++)
		if (STREQ(((struct container_ulimit *)isolation->ulimits.v)[i].name, name))
			limit = &((struct container_ulimit *)isolation->ulimits.v)[i];
	if (!limit) {
		limit = field_array_add(&isolation->ulimits, sizeof(*limit));
		limit->name = TAKE_PTR(name);
	}
	limit->soft = soft;
	limit->hard = hard;
	return 0;
}

/* Those that belong to a namespace. What the runtime refuses besides depends on which of them the
 * container has of its own. */
static bool is_sysctl(const char *text, size_t len)
{
	static const char *const names[] = {
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0)
			return true;
	return (len > 4 && str_starts(text, "net.")) ||
	       (len > 10 && str_starts(text, "fs.mqueue."));
}

int container_add_sysctl(struct container_isolation *isolation, const char *text, struct error *err)
{
	size_t len = strcspn(text, "=");

	if (!text[len] || !is_sysctl(text, len))
		return error_set(err, ERROR_INVALID, "sysctl '%s' is not allowed", text);
	strv_set_pair(&isolation->sysctls, text);
	return 0;
}

int container_add_annotation(struct container_isolation *isolation, const char *text,
			     struct error *err)
{
	auto_free char *pair = strchr(text, '=') ? mem_strdup(text) : mem_printf("%s=", text);

	if (*pair == '=')
		return error_set(err, ERROR_INVALID,
				 "invalid Annotations: the empty string is not permitted as an "
				 "annotation key");
	strv_set_pair(&isolation->annotations, pair);
	return 0;
}

/* Splits "<device path>:<number>" at its first colon. */
static int split_rate(const char *text, char **ret_path, const char **ret_number, struct error *err)
{
	size_t len = strcspn(text, ":");

	if (!text[len] || len == 0)
		return error_set(err, ERROR_INVALID, "bad format: %s", text);
	if (!str_starts(text, "/dev/"))
		return error_set(err, ERROR_INVALID, "bad format for device path: %s", text);
	*ret_path = mem_strndup(text, len);
	*ret_number = text + len + 1;
	return 0;
}

static void add_rate(struct field_array *rates, char *path, uint64_t number)
{
	struct container_rate *rate = field_array_add(rates, sizeof(*rate));

	*rate = (struct container_rate) {.path = path, .rate = number};
}

int container_add_bps(struct field_array *rates, const char *text, struct error *err)
{
	auto_free char *path = NULL;
	const char *number;
	uint64_t rate;
	int r = split_rate(text, &path, &number, err);

	if (r < 0)
		return r;
	if (parse_bytes(number, &rate) < 0 || rate > INT64_MAX)
		return error_set(err, ERROR_INVALID,
				 "invalid rate for device: %s. The correct format is "
				 "<device-path>:<number>[<unit>]. Number must be a positive "
				 "integer. Unit is optional and can be kb, mb, or gb",
				 text);
	add_rate(rates, TAKE_PTR(path), rate);
	return 0;
}

int container_add_iops(struct field_array *rates, const char *text, struct error *err)
{
	auto_free char *path = NULL;
	const char *number;
	uint64_t rate;
	int r = split_rate(text, &path, &number, err);

	if (r < 0)
		return r;
	if (parse_u64(number, &rate) < 0)
		return error_set(err, ERROR_INVALID,
				 "invalid rate for device: %s. The correct format is "
				 "<device-path>:<number>. Number must be a positive integer",
				 text);
	add_rate(rates, TAKE_PTR(path), rate);
	return 0;
}

int container_add_weight(struct field_array *rates, const char *text, struct error *err)
{
	auto_free char *path = NULL;
	const char *number;
	uint32_t weight;
	int r = split_rate(text, &path, &number, err);

	if (r < 0)
		return r;
	if (parse_u32(number, 0, 1000, &weight) < 0 || (weight > 0 && weight < 10))
		return error_set(err, ERROR_INVALID, "invalid weight for device: %s", text);
	add_rate(rates, TAKE_PTR(path), weight);
	return 0;
}
