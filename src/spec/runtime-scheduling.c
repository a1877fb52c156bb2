/* config.json: "scheduler", "ioPriority" and "execCPUAffinity" of a process; "personality",
 * "memoryPolicy", "netDevices" and "intelRdt" of linux. */
#include "spec/runtime-read.h"

#include "base/mem.h"
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* <linux/sched.h> and <sched.h> do not go together. */
enum {
	POLICY_OTHER,
	POLICY_FIFO,
	POLICY_RR,
	POLICY_BATCH,
	POLICY_ISO,
	POLICY_IDLE,
	POLICY_DEADLINE
};

struct word {
	const char *name;
	unsigned value;
};

static const struct word policies[] = {
	{"SCHED_OTHER", POLICY_OTHER},
	{"SCHED_FIFO", POLICY_FIFO},
	{"SCHED_RR", POLICY_RR},
	{"SCHED_BATCH", POLICY_BATCH},
	{"SCHED_ISO", POLICY_ISO},
	{"SCHED_IDLE", POLICY_IDLE},
	{"SCHED_DEADLINE", POLICY_DEADLINE},
};

/* SCHED_FLAG_*, uapi/linux/sched.h */
static const struct word scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};

/* IOPRIO_CLASS_*, uapi/linux/ioprio.h */
static const struct word io_classes[] = {
	{"IOPRIO_CLASS_RT", 1},
	{"IOPRIO_CLASS_BE", 2},
	{"IOPRIO_CLASS_IDLE", 3},
};

/* PER_LINUX and PER_LINUX32, <sys/personality.h> */
static const struct word personalities[] = {
	{"LINUX", 0},
	{"LINUX32", 8},
};

/* MPOL_* and MPOL_F_*, uapi/linux/mempolicy.h */
static const struct word memory_modes[] = {
	{"MPOL_DEFAULT", 0},
	{"MPOL_PREFERRED", 1},
	{"MPOL_BIND", 2},
	{"MPOL_INTERLEAVE", 3},
	{"MPOL_LOCAL", 4},
	{"MPOL_PREFERRED_MANY", 5},
	{"MPOL_WEIGHTED_INTERLEAVE", 6},
};

static const struct word memory_flags[] = {
	{"MPOL_F_NUMA_BALANCING", 1U << 13},
	{"MPOL_F_RELATIVE_NODES", 1U << 14},
	{"MPOL_F_STATIC_NODES", 1U << 15},
};

static int find_word(const struct word *table, size_t n, const char *name, const char *where,
		     unsigned *ret, struct error *err)
{
	for (size_t i = 0; name && i < n; i++)
		if (STREQ(table[i].name, name)) {
			*ret = table[i].value;
			return 0;
		}
	return error_set(err, ERROR_INVALID, "config: %s: %s is not known", where,
			 name ? name : "(none)");
}

/* A number up to RUNTIME_BITS_MAX; moves *@at behind it. */
static bool read_position(const char **at, unsigned long *ret)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*ret = strtoul(*at, &end, 10);
	*at = end;
	return *ret < RUNTIME_BITS_MAX;
}

/* "0-3,7" */
static bool parse_bits(const char *at, struct runtime_bits *bits)
{
	const size_t width = 8 * sizeof(bits->word[0]);
	unsigned long first, last;

	for (;;) {
		if (!read_position(&at, &first))
			return false;
		last = first;
		if (*at == '-' && (at++, !read_position(&at, &last)))
			return false;
		if (last < first)
			return false;
		for (; first <= last; first++)
			bits->word[first / width] |= 1UL << first % width;
		if (*at == '\0')
			return true;
		if (*at++ != ',')
			return false;
	}
}

static int read_bits(const char *text, const char *where, struct runtime_bits **ret,
		     struct error *err)
{
	auto_free struct runtime_bits *bits = mem_new(struct runtime_bits);

	if (!parse_bits(text, bits))
		return error_set(err, ERROR_INVALID,
				 "config: %s: \"%.60s\" is no list such as 0-3,7", where, text);
	*ret = TAKE_PTR(bits);
	return 0;
}

/* What the kernel would answer with EINVAL alone (sched(7), "Deadline scheduling"). */
static int check_deadline(const struct runtime_i64 *runtime, const struct runtime_i64 *deadline,
			  const struct runtime_i64 *period, struct error *err)
{
	static const char start[] = "process.scheduler: sched_setattr: `SCHED_DEADLINE`";
	const long long least = 1024, most = INT64_MAX;

	if (!runtime->set)
		return error_set(err, ERROR_INVALID, "%s requires `runtime`", start);
	if (!deadline->set)
		return error_set(err, ERROR_INVALID, "%s requires `deadline`", start);
	if (runtime->value == 0)
		return error_set(err, ERROR_INVALID, "%s runtime must be greater than 0", start);
	if (runtime->value < least)
		return error_set(err, ERROR_INVALID,
				 "%s runtime %lld must be between %lld and %lld", start,
				 (long long)runtime->value, least, most);
	if (runtime->value > deadline->value)
		return error_set(err, ERROR_INVALID, "%s runtime %lld must be <= deadline %lld",
				 start, (long long)runtime->value, (long long)deadline->value);
	if (period->set && period->value > 0 && deadline->value > period->value)
		return error_set(err, ERROR_INVALID, "%s deadline %lld must be <= period %lld",
				 start, (long long)deadline->value, (long long)period->value);
	return 0;
}

static int read_scheduler(const struct json *process, struct runtime_scheduler *ret,
			  struct error *err)
{
	static const char where[] = "process.scheduler";
	struct runtime_i64 nice = {0}, priority = {0}, runtime = {0}, deadline = {0}, period = {0};
	auto_free char **flags = NULL;
	const struct json *object;
	const char *policy = NULL;
	unsigned value = 0;
	int r;

	r = read_container(process, "process", "scheduler", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_string(object, where, "policy", &policy, err);
	if (r >= 0)
		r = find_word(policies, ARRAY_SIZE(policies), policy, where, &value, err);
	ret->policy = value;
	if (r >= 0)
		r = read_i64(object, where, "nice", -20, 19, &nice, err);
	if (r >= 0)
		r = read_i64(object, where, "priority", 0, 99, &priority, err);
	if (r >= 0)
		r = read_i64(object, where, "runtime", 0, INT64_MAX, &runtime, err);
	if (r >= 0)
		r = read_i64(object, where, "deadline", 0, INT64_MAX, &deadline, err);
	if (r >= 0)
		r = read_i64(object, where, "period", 0, INT64_MAX, &period, err);
	if (r >= 0)
		r = read_strings(object, where, "flags", &flags, err);
	for (size_t i = 0; r >= 0 && flags && flags[i]; i++) {
		r = find_word(scheduler_flags, ARRAY_SIZE(scheduler_flags), flags[i], where, &value,
			      err);
		ret->flags |= value;
	}
	if (r >= 0 && ret->policy == POLICY_DEADLINE)
		r = check_deadline(&runtime, &deadline, &period, err);
	if (r < 0)
		return r;
	ret->set = true;
	ret->nice = (int32_t)nice.value;
	ret->priority = (uint32_t)priority.value;
	ret->runtime = (uint64_t)runtime.value;
	ret->deadline = (uint64_t)deadline.value;
	ret->period = (uint64_t)period.value;
	return 0;
}

static int read_io_priority(const struct json *process, struct runtime_io_priority *ret,
			    struct error *err)
{
	static const char where[] = "process.ioPriority";
	struct runtime_i64 priority = {0};
	const struct json *object;
	const char *class = NULL;
	unsigned value = 0;
	int r;

	r = read_container(process, "process", "ioPriority", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_string(object, where, "class", &class, err);
	if (r >= 0)
		r = find_word(io_classes, ARRAY_SIZE(io_classes), class, where, &value, err);
	if (r >= 0)
		r = read_i64(object, where, "priority", 0, 7, &priority, err);
	if (r < 0)
		return r;
	*ret = (struct runtime_io_priority) {true, (int)value, (int)priority.value};
	return 0;
}

static int read_affinity(const struct json *process, const char *key, struct runtime_bits **ret,
			 struct error *err)
{
	static const char where[] = "process.execCPUAffinity";
	const struct json *object;
	const char *text = NULL;
	int r;

	r = read_container(process, "process", "execCPUAffinity", JSON_OBJECT, &object, err);
	if (r >= 0 && object)
		r = read_string(object, where, key, &text, err);
	return r < 0 || !text || !*text ? r : read_bits(text, where, ret, err);
}

int read_scheduling(const struct json *process, struct runtime_process *ret, struct error *err)
{
	int r = read_scheduler(process, &ret->scheduler, err);

	if (r >= 0)
		r = read_io_priority(process, &ret->io_priority, err);
	if (r >= 0)
		r = read_affinity(process, "initial", &ret->affinity_initial, err);
	if (r >= 0)
		r = read_affinity(process, "final", &ret->affinity_final, err);
	return r;
}

static int read_personality(const struct json *linux_object, struct runtime_config *config,
			    struct error *err)
{
	static const char where[] = "linux.personality";
	auto_free char **flags = NULL;
	const struct json *object;
	const char *domain = NULL;
	unsigned value = 0;
	int r;

	r = read_container(linux_object, "linux", "personality", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_string(object, where, "domain", &domain, err);
	if (r >= 0)
		r = find_word(personalities, ARRAY_SIZE(personalities), domain, where, &value, err);
	if (r >= 0)
		r = read_strings(object, where, "flags", &flags, err);
	if (r >= 0 && flags && flags[0])
		r = error_set(err, ERROR_UNSUPPORTED, "config: %s.flags are not supported", where);
	config->has_personality = r >= 0;
	config->personality = value;
	return r;
}

static int read_memory_policy(const struct json *linux_object, struct runtime_memory_policy *ret,
			      struct error *err)
{
	static const char where[] = "linux.memoryPolicy";
	auto_free char **flags = NULL;
	const char *mode = NULL, *nodes = NULL;
	const struct json *object;
	unsigned value = 0;
	int r;

	r = read_container(linux_object, "linux", "memoryPolicy", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_string(object, where, "mode", &mode, err);
	if (r >= 0)
		r = find_word(memory_modes, ARRAY_SIZE(memory_modes), mode, where, &ret->mode, err);
	if (r >= 0)
		r = read_strings(object, where, "flags", &flags, err);
	for (size_t i = 0; r >= 0 && flags && flags[i]; i++) {
		r = find_word(memory_flags, ARRAY_SIZE(memory_flags), flags[i], where, &value, err);
		ret->mode |= value;
	}
	if (r >= 0)
		r = read_string(object, where, "nodes", &nodes, err);
	if (r >= 0 && nodes && *nodes)
		r = read_bits(nodes, where, &ret->nodes, err);
	ret->set = r >= 0;
	return r;
}

/* What the kernel takes as the name of an interface (dev_valid_name). */
static bool is_interface_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 15 || STREQ(name, ".") || STREQ(name, ".."))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '/' || name[i] == ':' || name[i] == '%' ||
		    isspace((unsigned char)name[i]))
			return false;
	return true;
}

static int add_net_device(const char *key, struct json *value, void *arg)
{
	struct runtime_config *config = arg;
	const char *name = json_is(value, JSON_OBJECT) ? json_get_string(value, "name") : NULL;
	struct runtime_net_device device = {.name = key, .new_name = name && *name ? name : key};

	if (!json_is(value, JSON_OBJECT) || !is_interface_name(device.name) ||
	    !is_interface_name(device.new_name))
		return -EINVAL;
	config->net_devices = mem_resize(config->net_devices, (config->net_device_count + 1) *
								      sizeof(*config->net_devices));
	config->net_devices[config->net_device_count++] = device;
	return 0;
}

static int read_net_devices(const struct json *linux_object, struct runtime_config *config,
			    struct error *err)
{
	const struct json *object;
	int r;

	r = read_container(linux_object, "linux", "netDevices", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	if (json_each(object, add_net_device, config) < 0)
		return error_set(
			err, ERROR_INVALID,
			"config: linux.netDevices: invalid network device name: names have "
			"1 to 15 characters, no / : %% or blanks");
	for (size_t i = 0; i < config->net_device_count; i++)
		for (size_t k = 0; k < i; k++)
			if (STREQ(config->net_devices[i].new_name, config->net_devices[k].new_name))
				return error_set(err, ERROR_INVALID,
						 "config: linux.netDevices: two become %s",
						 config->net_devices[i].new_name);
	return 0;
}

static int read_rdt(const struct json *linux_object, struct runtime_rdt *ret, struct error *err)
{
	static const char where[] = "linux.intelRdt";
	const struct json *object;
	int r;

	r = read_container(linux_object, "linux", "intelRdt", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_string(object, where, "closID", &ret->clos_id, err);
	if (r >= 0)
		r = read_string(object, where, "l3CacheSchema", &ret->l3_schema, err);
	if (r >= 0)
		r = read_string(object, where, "memBwSchema", &ret->bandwidth_schema, err);
	if (r >= 0)
		r = read_strings(object, where, "schemata", &ret->schemata, err);
	if (r >= 0)
		r = read_bool(object, where, "enableMonitoring", &ret->monitoring, err);
	if (r < 0)
		return r;
	if (ret->clos_id && (!*ret->clos_id || strchr(ret->clos_id, '/') ||
			     STREQ(ret->clos_id, ".") || STREQ(ret->clos_id, "..")))
		return error_set(err, ERROR_INVALID,
				 "config: %s.closID must be the name of a folder, not %s", where,
				 ret->clos_id);
	ret->set = true;
	return 0;
}

int read_extras(const struct json *linux_object, struct runtime_config *config, struct error *err)
{
	int r = read_personality(linux_object, config, err);

	if (r >= 0)
		r = read_memory_policy(linux_object, &config->memory_policy, err);
	if (r >= 0)
		r = read_net_devices(linux_object, config, err);
	if (r >= 0)
		r = read_rdt(linux_object, &config->rdt, err);
	if (r >= 0)
		r = read_string(linux_object, "linux", "mountLabel", &config->mount_label, err);
	if (r >= 0 && config->mount_label && !*config->mount_label)
		config->mount_label = NULL;
	return r;
}
