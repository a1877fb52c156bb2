#include "runtime/resources.h"

#include "base/mem.h"
#include "kern/cgroup-device.h"
#include "runtime/resources-io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_PERIOD 100000 /* microseconds */
static int set_number(const struct cgroup *cgroup, const char *controller, const char *file,
		      int64_t number, struct error *err)
{
	char text[32];

	if (number < 0 && cgroup->v2)
		return resources_set(cgroup, controller, file, "max", err);
	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	return resources_set(cgroup, controller, file, text, err);
}

/* What is refused for being in use is said with the figures. */
static int set_memory(const struct cgroup *cgroup, const char *file, int64_t value,
		      struct error *err)
{
	char text[32], usage[32] = "";
	int r;

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	r = cgroup_write(cgroup, "memory", file, text);
	if (r != -EBUSY)
		return resources_set(cgroup, "memory", file, text, err);
	if (cgroup_read(cgroup, "memory", "memory.usage_in_bytes", usage, sizeof(usage)) < 0)
		usage[0] = '\0';
	usage[strcspn(usage, "\n")] = '\0';
	return error_set(err, ERROR_CONFLICT,
			 "unable to set memory limit to %" PRId64
			 " (current usage: %s): %s is busy",
			 value, usage, file);
}

/* The limit of memory and swap may never be below that of memory, not even between the two. */
static int set_memory_and_swap(const struct cgroup *cgroup, int64_t limit, int64_t swap,
			       struct error *err)
{
	static const char limit_file[] = "memory.limit_in_bytes";
	static const char swap_file[] = "memory.memsw.limit_in_bytes";
	char text[32];
	long long now;
	int r;

	/* No limit on memory is none on both; a kernel without swap accounting has none anyway. */
	if (limit == -1 && swap == 0 && cgroup_write(cgroup, "memory", swap_file, "-1") < 0)
		swap = 0;
	if (limit == 0 || swap == 0) {
		r = limit != 0 ? set_memory(cgroup, limit_file, limit, err) : 0;
		return r == 0 && swap != 0 ? set_memory(cgroup, swap_file, swap, err) : r;
	}
	r = cgroup_read(cgroup, "memory", limit_file, text, sizeof(text));
	if (r < 0)
		return error_errno(err, r, "read %s", limit_file);
	if (swap == -1 || (sscanf(text, "%lld", &now) == 1 && now < swap)) {
		r = set_memory(cgroup, swap_file, swap, err);
		return r < 0 ? r : set_memory(cgroup, limit_file, limit, err);
	}
	r = set_memory(cgroup, limit_file, limit, err);
	return r < 0 ? r : set_memory(cgroup, swap_file, swap, err);
}

static int apply_memory_v1(const struct cgroup *cgroup, const struct runtime_resources *res,
			   struct error *err)
{
	int r = set_memory_and_swap(cgroup, res->memory_limit.value, res->memory_swap.value, err);

	if (r == 0 && res->memory_reservation.set && res->memory_reservation.value != 0)
		r = set_number(cgroup, "memory", "memory.soft_limit_in_bytes",
			       res->memory_reservation.value, err);
	if (r == 0 && res->memory_swappiness.set)
		r = set_number(cgroup, "memory", "memory.swappiness", res->memory_swappiness.value,
			       err);
	if (r == 0 && res->oom_kill_disable)
		r = set_number(cgroup, "memory", "memory.oom_control", 1, err);
	return r;
}

/* v2 counts swap alone, the configuration memory and swap together. */
static int apply_memory_v2(const struct cgroup *cgroup, const struct runtime_resources *res,
			   struct error *err)
{
	int64_t limit = res->memory_limit.set ? res->memory_limit.value : 0;
	int64_t swap = res->memory_swap.set ? res->memory_swap.value : 0;
	int r = 0;

	if (swap > 0 && limit > 0 && swap < limit)
		return error_set(err, ERROR_INVALID,
				 "the limit of memory and swap (%" PRId64
				 ") is below that of memory (%" PRId64 ")",
				 swap, limit);
	if (res->oom_kill_disable)
		return error_set(err, ERROR_UNSUPPORTED,
				 "memory.disableOOMKiller: cgroup v2 cannot do that");
	if (limit != 0)
		r = set_number(cgroup, "memory", "memory.max", limit, err);
	if (r == 0 && swap != 0 && (limit > 0 || swap < 0))
		r = set_number(cgroup, "memory", "memory.swap.max", swap < 0 ? -1 : swap - limit,
			       err);
	if (r == 0 && res->memory_reservation.set && res->memory_reservation.value != 0)
		r = set_number(cgroup, "memory", "memory.low", res->memory_reservation.value, err);
	return r;
}

/* Each may be impossible before the other is set: the kernel looks at the parent's ratio. */
static int apply_quota_v1(const struct cgroup *cgroup, int64_t period, int64_t quota,
			  struct error *err)
{
	char text[32];
	int r = 0;

	(void)snprintf(text, sizeof(text), "%" PRId64, period);
	if (period != 0 && quota != 0 &&
	    cgroup_write(cgroup, "cpu", "cpu.cfs_period_us", text) == -EINVAL) {
		r = set_number(cgroup, "cpu", "cpu.cfs_quota_us", quota, err);
		return r < 0 ? r : set_number(cgroup, "cpu", "cpu.cfs_period_us", period, err);
	}
	if (period != 0)
		r = set_number(cgroup, "cpu", "cpu.cfs_period_us", period, err);
	if (r == 0 && quota != 0)
		r = set_number(cgroup, "cpu", "cpu.cfs_quota_us", quota, err);
	return r;
}

static int apply_realtime_v1(const struct cgroup *cgroup, const struct runtime_resources *res,
			     struct error *err)
{
	int r = 0;

	if (res->cpu_realtime_period.value != 0)
		r = set_number(cgroup, "cpu", "cpu.rt_period_us", res->cpu_realtime_period.value,
			       err);
	if (r == 0 && res->cpu_realtime_runtime.value != 0)
		r = set_number(cgroup, "cpu", "cpu.rt_runtime_us", res->cpu_realtime_runtime.value,
			       err);
	return r;
}

static int apply_cpu_v1(const struct cgroup *cgroup, const struct runtime_resources *res,
			struct error *err)
{
	int r = 0;

	if (res->cpu_shares.set && res->cpu_shares.value != 0)
		r = set_number(cgroup, "cpu", "cpu.shares", res->cpu_shares.value, err);
	if (r == 0)
		r = apply_quota_v1(cgroup, res->cpu_period.value, res->cpu_quota.value, err);
	if (r == 0)
		r = apply_realtime_v1(cgroup, res, err);
	if (r == 0 && res->cpu_burst.set)
		r = set_number(cgroup, "cpu", "cpu.cfs_burst_us", res->cpu_burst.value, err);
	if (r == 0 && res->cpu_idle.set)
		r = set_number(cgroup, "cpu", "cpu.idle", res->cpu_idle.value, err);
	return r;
}

static int apply_cpu_v2(const struct cgroup *cgroup, const struct runtime_resources *res,
			struct error *err)
{
	int64_t period = res->cpu_period.set && res->cpu_period.value ? res->cpu_period.value
								      : DEFAULT_PERIOD;
	bool quota = res->cpu_quota.set && res->cpu_quota.value != 0;
	char text[64];
	int r = 0;

	if (res->cpu_realtime_runtime.value != 0 || res->cpu_realtime_period.value != 0)
		return error_set(
			err, ERROR_UNSUPPORTED,
			"cpu.realtimeRuntime and realtimePeriod: cgroup v2 cannot do that");
	/* 2..262144 onto 1..10000, as the kernel's documentation has it. */
	if (res->cpu_shares.set && res->cpu_shares.value >= 2)
		r = set_number(cgroup, "cpu", "cpu.weight",
			       1 + (res->cpu_shares.value - 2) * 9999 / 262142, err);
	if (r == 0 && (quota || (res->cpu_period.set && res->cpu_period.value))) {
		if (quota && res->cpu_quota.value > 0)
			(void)snprintf(text, sizeof(text), "%" PRId64 " %" PRId64,
				       res->cpu_quota.value, period);
		else
			(void)snprintf(text, sizeof(text), "max %" PRId64, period);
		r = resources_set(cgroup, "cpu", "cpu.max", text, err);
	}
	if (r == 0 && res->cpu_burst.set)
		r = set_number(cgroup, "cpu", "cpu.max.burst", res->cpu_burst.value, err);
	if (r == 0 && res->cpu_idle.set)
		r = set_number(cgroup, "cpu", "cpu.idle", res->cpu_idle.value, err);
	return r;
}

static int apply_unified(const struct cgroup *cgroup, const struct runtime_resources *res,
			 struct error *err)
{
	int r = 0;

	if (res->unified_count > 0 && !cgroup->v2)
		return error_set(err, ERROR_UNSUPPORTED,
				 "invalid configuration: linux.resources.unified needs cgroup v2, "
				 "and this machine has v1");
	for (size_t i = 0; r == 0 && i < res->unified_count; i++)
		r = resources_set(cgroup, "", res->unified[i].file, res->unified[i].value, err);
	return r;
}

/* memory.checkBeforeUpdate: a limit below what is in use would kill. */
static int check_usage(const struct cgroup *cgroup, const struct runtime_resources *res,
		       struct error *err)
{
	int64_t limit = res->memory_limit.value;
	char text[32];
	long long usage;

	if (!res->memory_check || limit <= 0)
		return 0;
	if (cgroup_read(cgroup, "memory", cgroup->v2 ? "memory.current" : "memory.usage_in_bytes",
			text, sizeof(text)) < 0 ||
	    sscanf(text, "%lld", &usage) != 1 || usage <= limit)
		return 0;
	return error_set(err, ERROR_CONFLICT,
			 "rejecting memory limit %" PRId64 ": %lld bytes are in use", limit, usage);
}

int resources_apply(const struct cgroup *cgroup, const struct runtime_resources *res,
		    struct error *err)
{
	int r = check_usage(cgroup, res, err);

	if (r < 0)
		return r;
	r = cgroup->v2 ? apply_memory_v2(cgroup, res, err) : apply_memory_v1(cgroup, res, err);
	if (r == 0)
		r = cgroup->v2 ? apply_cpu_v2(cgroup, res, err) : apply_cpu_v1(cgroup, res, err);
	if (r == 0 && res->cpus && *res->cpus)
		r = resources_set(cgroup, "cpuset", "cpuset.cpus", res->cpus, err);
	if (r == 0 && res->mems && *res->mems)
		r = resources_set(cgroup, "cpuset", "cpuset.mems", res->mems, err);
	if (r == 0 && res->pids_limit.set)
		r = res->pids_limit.value > 0
			    ? set_number(cgroup, "pids", "pids.max", res->pids_limit.value, err)
			    : resources_set(cgroup, "pids", "pids.max", "max", err);
	if (r == 0)
		r = resources_apply_io(cgroup, res, err);
	if (r == 0)
		r = apply_unified(cgroup, res, err);
	return r;
}

/* OCI runtime 1.2: the default devices work whatever the rules say; and nodes may be made. */
static const struct cgroup_device_rule default_rules[] = {
	{true, 'c', -1, -1, CGROUP_DEVICE_MKNOD}, {true, 'b', -1, -1, CGROUP_DEVICE_MKNOD},
	{true, 'c', 1, 3, CGROUP_DEVICE_ALL},	  {true, 'c', 1, 5, CGROUP_DEVICE_ALL},
	{true, 'c', 1, 7, CGROUP_DEVICE_ALL},	  {true, 'c', 1, 8, CGROUP_DEVICE_ALL},
	{true, 'c', 1, 9, CGROUP_DEVICE_ALL},	  {true, 'c', 5, 0, CGROUP_DEVICE_ALL},
	{true, 'c', 5, 2, CGROUP_DEVICE_ALL},	  {true, 'c', 136, -1, CGROUP_DEVICE_ALL},
};

static bool is_default(const struct cgroup_device_rule *rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++) {
		const struct cgroup_device_rule *other = &default_rules[i];

		if (rule->allow && rule->type == other->type && rule->major == other->major &&
		    rule->minor == other->minor && rule->access == other->access)
			return true;
	}
	return false;
}

int resources_apply_devices(const struct cgroup *cgroup, const struct runtime_resources *res,
			    struct error *err)
{
	static const struct cgroup_device_rule refuse_all = {.type = 'a'};
	auto_free struct cgroup_device_rule *rules = NULL;
	size_t n = 0;
	int r;

	rules = mem_zero(res->device_count + ARRAY_SIZE(default_rules) + 1, sizeof(*rules));
	rules[n++] = refuse_all;
	for (size_t i = 0; i < res->device_count; i++) {
		const struct runtime_device_rule *from = &res->devices[i];
		struct cgroup_device_rule rule = {.allow = from->allow,
						  .type = from->type,
						  .major = from->major,
						  .minor = from->minor,
						  .access = from->access};

		/* Nothing said before counts. */
		if (rule.type == 'a')
			n = 0;
		if (!is_default(&rule))
			rules[n++] = rule;
	}
	/* Everything allowed: the default ones are. */
	if (!(rules[n - 1].type == 'a' && rules[n - 1].allow)) {
		memcpy(rules + n, default_rules, sizeof(default_rules));
		n += ARRAY_SIZE(default_rules);
	}
	r = cgroup_device_apply(cgroup, rules, n);
	if (r == -ENODEV)
		return error_set(err, ERROR_UNSUPPORTED,
				 "set the device rules: this machine has no cgroup controller "
				 "devices");
	return r < 0 ? error_errno(err, r, "set the device rules of the cgroup") : 0;
}
