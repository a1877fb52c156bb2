#include "engine/container/isolation.h"

#include "base/str.h"
#include "kern/caps.h"
#include "spec/capability.h"
#include "spec/defaults.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define BIT(n) (UINT64_C(1) << (n))

static const struct field device_rows[] = {
	FIELD(container_device, FIELD_TEXT, "source", source),
	FIELD(container_device, FIELD_TEXT, "target", target),
	FIELD(container_device, FIELD_TEXT, "access", access),
};
const struct fields container_device_fields = FIELDS(container_device, device_rows);

static const struct field ulimit_rows[] = {
	FIELD(container_ulimit, FIELD_TEXT, "name", name),
	FIELD(container_ulimit, FIELD_I64, "soft", soft),
	FIELD(container_ulimit, FIELD_I64, "hard", hard),
};
const struct fields container_ulimit_fields = FIELDS(container_ulimit, ulimit_rows);

static const struct field rate_rows[] = {
	FIELD(container_rate, FIELD_TEXT, "path", path),
	FIELD(container_rate, FIELD_U64, "rate", rate),
};
const struct fields container_rate_fields = FIELDS(container_rate, rate_rows);

const char *container_mode_peer(const char *mode)
{
	static const char prefix[] = "container:";

	return mode && str_starts(mode, prefix) ? mode + strlen(prefix) : NULL;
}

static bool is_one_of(const char *mode, const char *const *modes)
{
	if (!mode)
		return true;
	for (; *modes; modes++)
		if (STREQ(mode, *modes))
			return true;
	return false;
}

static bool has_peer(const char *mode)
{
	const char *peer = container_mode_peer(mode);

	return peer && *peer;
}

static int check_modes(const struct container_isolation *isolation, struct error *err)
{
	static const char *const ipc[] = {"private", "shareable", "none", "host", NULL};
	static const char *const host[] = {"host", NULL};
	static const char *const cgroupns[] = {"private", "host", NULL};

	if (!is_one_of(isolation->ipc, ipc) && !has_peer(isolation->ipc))
		return error_set(err, ERROR_INVALID, "invalid IPC mode: %s", isolation->ipc);
	if (!is_one_of(isolation->pid, host) && !has_peer(isolation->pid))
		return error_set(err, ERROR_INVALID, "invalid PID mode: %s", isolation->pid);
	if (!is_one_of(isolation->uts, host))
		return error_set(err, ERROR_INVALID, "invalid UTS mode: %s", isolation->uts);
	if (!is_one_of(isolation->userns, host))
		return error_set(err, ERROR_INVALID, "invalid user namespace mode: %s",
				 isolation->userns);
	if (!is_one_of(isolation->cgroupns, cgroupns))
		return error_set(err, ERROR_INVALID, "invalid cgroup namespace mode: %s",
				 isolation->cgroupns);
	return 0;
}

/* Named ones that this machine cannot give; "ALL" means all there are. */
static int check_capabilities(const struct container_isolation *isolation, struct error *err)
{
	for (size_t i = 0; i < isolation->cap_add.n; i++) {
		const char *name = isolation->cap_add.v[i];
		int number = capability_parse(name);

		if (number >= 0 && caps_bounded(BIT(number)) == 0)
			return error_set(err, ERROR_INVALID,
					 "invalid CapAdd: capability not supported by your kernel "
					 "or not available in the current environment: \"%s\"",
					 name);
	}
	return 0;
}

static int check_limits(const struct container_isolation *isolation, struct error *err)
{
	if (isolation->memory_swappiness < -1 || isolation->memory_swappiness > 100)
		return error_set(err, ERROR_INVALID,
				 "Invalid value: %" PRId64
				 ", valid memory swappiness range is 0-100",
				 isolation->memory_swappiness);
	if (isolation->shm_size > INT64_MAX)
		return error_set(err, ERROR_INVALID, "the size is too large");
	if (isolation->blkio_weight != 0 &&
	    (isolation->blkio_weight < 10 || isolation->blkio_weight > 1000))
		return error_set(err, ERROR_INVALID, "Range of blkio weight is from 10 to 1000");
	if (isolation->oom_score_adj < -1000 || isolation->oom_score_adj > 1000)
		return error_set(err, ERROR_INVALID,
				 "Invalid value %" PRId64
				 ", range for oom score adj is [-1000, 1000]",
				 isolation->oom_score_adj);
	return 0;
}

/* What goes into a file of /proc/sys or a config.json as one value. */
static int check_texts(const struct container_isolation *isolation, struct error *err)
{
	const char *domain = isolation->domainname;

	for (size_t i = 0; i < isolation->sysctls.n; i++)
		for (const char *p = isolation->sysctls.v[i]; *p; p++)
			if (iscntrl((unsigned char)*p) && *p != '\t')
				return error_set(err, ERROR_INVALID,
						 "sysctl '%s' is not allowed: its value has "
						 "control characters",
						 isolation->sysctls.v[i]);
	if (domain && strlen(domain) > 64)
		return error_set(err, ERROR_INVALID, "domain name \"%s\" is longer than 64 bytes",
				 domain);
	for (const char *p = domain; p && *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return error_set(err, ERROR_INVALID, "invalid domain name format: %s",
					 domain);
	return 0;
}

/* A request's record can leave out what no argument leaves out. */
static int check_tables(const struct container_isolation *isolation, struct error *err)
{
	const struct {
		const struct field_array *array;
		const struct fields *fields;
		const char *option;
	} tables[] = {
		{&isolation->devices, &container_device_fields, "device"},
		{&isolation->ulimits, &container_ulimit_fields, "ulimit"},
		{&isolation->blkio_weight_devices, &container_rate_fields, "blkio-weight-device"},
		{&isolation->device_read_bps, &container_rate_fields, "device-read-bps"},
		{&isolation->device_write_bps, &container_rate_fields, "device-write-bps"},
		{&isolation->device_read_iops, &container_rate_fields, "device-read-iops"},
		{&isolation->device_write_iops, &container_rate_fields, "device-write-iops"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (!field_array_has_texts(tables[i].array, tables[i].fields))
			return error_set(err, ERROR_INVALID,
					 "invalid %s: a name or a path is missing",
					 tables[i].option);
	return 0;
}

int container_isolation_check(const struct container_isolation *isolation, struct error *err)
{
	static int (*const checks[])(const struct container_isolation *, struct error *) = {
		check_tables, check_modes, check_capabilities, check_limits, check_texts,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(checks); i++)
		r = checks[i](isolation, err);
	return r;
}

static uint64_t mask_of(const struct strv *names, bool *ret_all)
{
	uint64_t mask = 0;

	*ret_all = false;
	for (size_t i = 0; i < names->n; i++) {
		int number = capability_parse(names->v[i]);

		if (STREQ(names->v[i], "ALL"))
			*ret_all = true;
		else if (number >= 0)
			mask |= BIT(number);
	}
	return mask;
}

/* As Docker does it (moby daemon/pkg/oci/caps): "ALL" on one side leaves what the other says. */
uint64_t container_capabilities(const struct container_isolation *isolation)
{
	bool add_all, drop_all;
	uint64_t add = mask_of(&isolation->cap_add, &add_all);
	uint64_t drop = mask_of(&isolation->cap_drop, &drop_all);

	if (isolation->privileged)
		return CAPABILITY_ALL;
	if (add_all)
		return CAPABILITY_ALL & ~drop;
	if (drop_all)
		return add;
	return (DEFAULTS_CAPABILITIES & ~drop) | add;
}

uint64_t container_capabilities_here(const struct container_isolation *isolation)
{
	uint64_t mask = container_capabilities(isolation);

	/* The default ones are the runtime's to look at: it does so for every process. */
	return mask & ~DEFAULTS_CAPABILITIES ? caps_bounded(mask) : mask;
}
