/* config.json: "linux.resources". */
#include "spec/runtime-read.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#define WHERE "linux.resources"

static int read_access(const char *text, unsigned *ret, struct error *err)
{
	unsigned access = 0;

	if (!text || !*text)
		text = "rwm";
	for (; *text; text++) {
		if (*text == 'r')
			access |= RUNTIME_DEVICE_READ;
		else if (*text == 'w')
			access |= RUNTIME_DEVICE_WRITE;
		else if (*text == 'm')
			access |= RUNTIME_DEVICE_MKNOD;
		else
			return error_set(err, ERROR_INVALID,
					 "config: a device rule's access must be of r, w and m");
	}
	*ret = access;
	return 0;
}

static int read_rule(const struct json *object, struct runtime_device_rule *rule, struct error *err)
{
	static const char where[] = WHERE ".devices";
	struct runtime_i64 major = {0}, minor = {0};
	const char *type = NULL, *access = NULL;
	int r;

	r = read_bool(object, where, "allow", &rule->allow, err);
	if (r >= 0)
		r = read_string(object, where, "type", &type, err);
	if (r >= 0)
		r = read_string(object, where, "access", &access, err);
	if (r >= 0)
		r = read_i64(object, where, "major", -1, UINT32_MAX, &major, err);
	if (r >= 0)
		r = read_i64(object, where, "minor", -1, UINT32_MAX, &minor, err);
	if (r < 0)
		return r;
	rule->type = type && *type ? *type : 'a';
	if (rule->type == 'u')
		rule->type = 'c';
	if ((type && strlen(type) > 1) || !strchr("abc", rule->type))
		return error_set(err, ERROR_INVALID,
				 "config: a device rule's type must be a, b or c");
	rule->major = major.set ? major.value : -1;
	rule->minor = minor.set ? minor.value : -1;
	return read_access(access, &rule->access, err);
}

static int read_rules(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(object, WHERE, "devices", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	ret->device_count = json_count(array);
	ret->devices = mem_zero(ret->device_count, sizeof(*ret->devices));
	for (size_t i = 0; r >= 0 && i < ret->device_count; i++)
		r = read_rule(json_at(array, i), &ret->devices[i], err);
	return r;
}

static int read_memory(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	static const char where[] = WHERE ".memory";
	const struct json *memory;
	int r;

	r = read_container(object, WHERE, "memory", JSON_OBJECT, &memory, err);
	if (r < 0 || !memory)
		return r;
	r = read_i64(memory, where, "limit", -1, INT64_MAX, &ret->memory_limit, err);
	if (r >= 0)
		r = read_i64(memory, where, "reservation", -1, INT64_MAX, &ret->memory_reservation,
			     err);
	if (r >= 0)
		r = read_i64(memory, where, "swap", -1, INT64_MAX, &ret->memory_swap, err);
	if (r >= 0)
		r = read_i64(memory, where, "swappiness", 0, 100, &ret->memory_swappiness, err);
	if (r >= 0)
		r = read_bool(memory, where, "disableOOMKiller", &ret->oom_kill_disable, err);
	if (r >= 0)
		r = read_bool(memory, where, "checkBeforeUpdate", &ret->memory_check, err);
	return r;
}

static int read_cpu(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	static const char where[] = WHERE ".cpu";
	const struct json *cpu;
	int r;

	r = read_container(object, WHERE, "cpu", JSON_OBJECT, &cpu, err);
	if (r < 0 || !cpu)
		return r;
	r = read_i64(cpu, where, "shares", 0, 262144, &ret->cpu_shares, err);
	if (r >= 0)
		r = read_i64(cpu, where, "quota", -1, INT64_MAX, &ret->cpu_quota, err);
	if (r >= 0)
		r = read_i64(cpu, where, "period", 0, INT64_MAX, &ret->cpu_period, err);
	if (r >= 0)
		r = read_i64(cpu, where, "burst", 0, INT64_MAX, &ret->cpu_burst, err);
	if (r >= 0)
		r = read_i64(cpu, where, "idle", 0, 1, &ret->cpu_idle, err);
	if (r >= 0)
		r = read_i64(cpu, where, "realtimeRuntime", -1, INT64_MAX,
			     &ret->cpu_realtime_runtime, err);
	if (r >= 0)
		r = read_i64(cpu, where, "realtimePeriod", 0, INT64_MAX, &ret->cpu_realtime_period,
			     err);
	if (r >= 0)
		r = read_string(cpu, where, "cpus", &ret->cpus, err);
	if (r >= 0)
		r = read_string(cpu, where, "mems", &ret->mems, err);
	return r;
}

/* Values may name no other cgroup and no second line. */
static int add_unified(const char *key, struct json *value, void *arg)
{
	struct runtime_resources *resources = arg;
	const char *text = json_string(value);

	if (!text || strchr(key, '/') || !strchr(key, '.') || strncmp(key, "cgroup.", 7) == 0)
		return -EINVAL;
	resources->unified = mem_resize(resources->unified, (resources->unified_count + 1) *
								    sizeof(*resources->unified));
	resources->unified[resources->unified_count++] =
		(struct runtime_unified) {.file = key, .value = text};
	return 0;
}

static int read_unified(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	const struct json *unified;
	int r;

	r = read_container(object, WHERE, "unified", JSON_OBJECT, &unified, err);
	if (r < 0 || !unified)
		return r;
	if (json_each(unified, add_unified, ret) < 0)
		return error_set(err, ERROR_INVALID,
				 "config: " WHERE ".unified must map files such as memory.high "
				 "(cgroup.* excepted) to strings");
	return 0;
}

static int fill_resources(const struct json *object, struct runtime_resources *ret,
			  struct error *err)
{
	struct runtime_i64 pids = {0};
	const struct json *member;
	int r;

	r = read_rules(object, ret, err);
	if (r >= 0)
		r = read_memory(object, ret, err);
	if (r >= 0)
		r = read_cpu(object, ret, err);
	if (r >= 0)
		r = read_container(object, WHERE, "pids", JSON_OBJECT, &member, err);
	if (r >= 0 && member)
		r = read_i64(member, WHERE ".pids", "limit", -1, INT64_MAX, &pids, err);
	if (r >= 0)
		r = read_unified(object, ret, err);
	if (r >= 0)
		r = read_limits(object, ret, err);
	ret->pids_limit = pids;
	return r;
}

int runtime_resources_read(const struct json *object, struct runtime_resources *ret,
			   struct error *err)
{
	struct runtime_resources resources = {0};
	int r;

	if (!json_is(object, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "config: " WHERE " must be an object");
	r = fill_resources(object, &resources, err);
	if (r < 0) {
		runtime_resources_release(&resources);
		return r;
	}
	*ret = resources;
	return 0;
}

void runtime_resources_release(struct runtime_resources *resources)
{
	release_limits(resources);
	mem_freep(&resources->devices);
	mem_freep(&resources->unified);
}
