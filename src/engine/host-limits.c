#include "engine/host-limits.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "codec/json-write.h"
#include "engine/host-devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUP	 "/sys/fs/cgroup"
#define CPUS_MAX 65536

enum limit {
	LIMIT_WEIGHT,
	LIMIT_WEIGHT_DEVICE,
	LIMIT_READ_BPS,
	LIMIT_WRITE_BPS,
	LIMIT_READ_IOPS,
	LIMIT_WRITE_IOPS,
	LIMIT_RESERVATION,
	LIMIT_SWAPPINESS,
	LIMIT_OOM_KILL,
	LIMIT_COUNT,
};

/* What shows that there is such a limit, per version (NULL: there is none), and Docker's warning
 * where there is not. */
static const struct {
	const char *v1;
	const char *v2;
	const char *warning;
} limits[LIMIT_COUNT] = {
	[LIMIT_WEIGHT] = {CGROUP "/blkio/blkio.weight", "io",
			  "Your kernel does not support Block I/O weight or the cgroup is not "
			  "mounted. Weight discarded."},
	[LIMIT_WEIGHT_DEVICE] = {CGROUP "/blkio/blkio.weight_device", "io",
				 "Your kernel does not support Block I/O weight_device or the "
				 "cgroup is not mounted. Weight-device discarded."},
	[LIMIT_READ_BPS] = {CGROUP "/blkio/blkio.throttle.read_bps_device", "io",
			    "Your kernel does not support BPS Block I/O read limit or the cgroup "
			    "is not mounted. Block I/O BPS read limit discarded."},
	[LIMIT_WRITE_BPS] = {CGROUP "/blkio/blkio.throttle.write_bps_device", "io",
			     "Your kernel does not support BPS Block I/O write limit or the cgroup "
			     "is not mounted. Block I/O BPS write limit discarded."},
	[LIMIT_READ_IOPS] = {CGROUP "/blkio/blkio.throttle.read_iops_device", "io",
			     "Your kernel does not support IOPS Block read limit or the cgroup is "
			     "not mounted. Block I/O IOPS read limit discarded."},
	[LIMIT_WRITE_IOPS] = {CGROUP "/blkio/blkio.throttle.write_iops_device", "io",
			      "Your kernel does not support IOPS Block write limit or the cgroup "
			      "is not mounted. Block I/O IOPS write limit discarded."},
	[LIMIT_RESERVATION] = {CGROUP "/memory/memory.soft_limit_in_bytes", "memory",
			       "Your kernel does not support memory soft limit capabilities or the "
			       "cgroup is not mounted. Limitation discarded."},
	[LIMIT_SWAPPINESS] = {CGROUP "/memory/memory.swappiness", NULL,
			      "Your kernel does not support memory swappiness capabilities or the "
			      "cgroup is not mounted. Memory swappiness discarded."},
	[LIMIT_OOM_KILL] = {CGROUP "/memory/memory.oom_control", NULL,
			    "Your kernel does not support OomKillDisable. OomKillDisable "
			    "discarded."},
};

static char *read_text(const char *path)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t len;

	if (fd < 0 || fd_read_all(fd, CPUS_MAX, &text, &len) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The controllers of cgroup v2, or NULL on v1. */
static char *read_controllers(void)
{
	return read_text(CGROUP "/cgroup.controllers");
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static bool is_there(enum limit limit, const char *controllers)
{
	if (controllers)
		return limits[limit].v2 && has_word(controllers, limits[limit].v2);
	return faccessat(AT_FDCWD, limits[limit].v1, F_OK, 0) == 0;
}

static void discard(struct container_config *config, enum limit limit)
{
	struct container_isolation *isolation = &config->isolation;

	switch (limit) {
	case LIMIT_WEIGHT:
		isolation->blkio_weight = 0;
		break;
	case LIMIT_WEIGHT_DEVICE:
		field_array_release(&isolation->blkio_weight_devices, &container_rate_fields);
		break;
	case LIMIT_READ_BPS:
		field_array_release(&isolation->device_read_bps, &container_rate_fields);
		break;
	case LIMIT_WRITE_BPS:
		field_array_release(&isolation->device_write_bps, &container_rate_fields);
		break;
	case LIMIT_READ_IOPS:
		field_array_release(&isolation->device_read_iops, &container_rate_fields);
		break;
	case LIMIT_WRITE_IOPS:
		field_array_release(&isolation->device_write_iops, &container_rate_fields);
		break;
	case LIMIT_RESERVATION:
		config->memory_reservation = 0;
		break;
	case LIMIT_SWAPPINESS:
		isolation->memory_swappiness = -1;
		break;
	case LIMIT_OOM_KILL:
		isolation->oom_kill_disable = false;
		break;
	case LIMIT_COUNT:
		break;
	}
}

/* "0-3,5" within "0-1": every number of the first is in the second. */
static bool is_within(const char *wanted, const char *available)
{
	bool has[1024] = {false};
	const char *lists[] = {available, wanted};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const char *p = lists[i];

		while (*p) {
			char *end;
			unsigned long first = strtoul(p, &end, 10), last = first;

			if (end == p)
				return false;
			if (*end == '-')
				last = strtoul(end + 1, &end, 10);
			if (first > last || last >= ARRAY_SIZE(has))
				return false;
			for (; first <= last; first++) {
				if (i == 1 && !has[first])
					return false;
				has[first] = true;
			}
			p = end + (*end == ',');
		}
	}
	return true;
}

static int check_set(const char *wanted, const char *v2_path, const char *v1_path, const char *what,
		     struct error *err)
{
	auto_free char *available = NULL;

	if (!wanted)
		return 0;
	available = read_text(v2_path);
	if (!available)
		available = read_text(v1_path);
	if (!available)
		return error_set(err, ERROR_UNSUPPORTED,
				 "limit the container to the %s %s: this machine has no cgroup "
				 "controller cpuset",
				 what, wanted);
	if (!is_within(wanted, available))
		return error_set(err, ERROR_INVALID,
				 "Requested %s are not available - requested %s, available: %s",
				 what, wanted, available);
	return 0;
}

static int check_sets(const struct container_config *config, struct error *err)
{
	int r = check_set(config->cpuset_cpus, CGROUP "/cpuset.cpus.effective",
			  CGROUP "/cpuset/cpuset.cpus", "CPUs", err);

	return r < 0 ? r
		     : check_set(config->cpuset_mems, CGROUP "/cpuset.mems.effective",
				 CGROUP "/cpuset/cpuset.mems", "memory nodes", err);
}

int host_limits_adapt(struct container_config *config, struct strv *warnings, struct error *err)
{
	const struct container_isolation *isolation = &config->isolation;
	const bool wanted[LIMIT_COUNT] = {
		[LIMIT_WEIGHT] = isolation->blkio_weight != 0,
		[LIMIT_WEIGHT_DEVICE] = isolation->blkio_weight_devices.n > 0,
		[LIMIT_READ_BPS] = isolation->device_read_bps.n > 0,
		[LIMIT_WRITE_BPS] = isolation->device_write_bps.n > 0,
		[LIMIT_READ_IOPS] = isolation->device_read_iops.n > 0,
		[LIMIT_WRITE_IOPS] = isolation->device_write_iops.n > 0,
		[LIMIT_RESERVATION] = config->memory_reservation != 0,
		[LIMIT_SWAPPINESS] = isolation->memory_swappiness >= 0,
		[LIMIT_OOM_KILL] = isolation->oom_kill_disable,
	};
	auto_free char *controllers = NULL;
	bool known = false;

	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!wanted[i])
			continue;
		if (!known)
			controllers = read_controllers();
		known = true;
		if (is_there((enum limit)i, controllers))
			continue;
		strv_add(warnings, limits[i].warning);
		discard(config, (enum limit)i);
	}
	if (isolation->oom_kill_disable && config->memory == 0)
		strv_add(warnings,
			 "OOM killer is disabled for the container, but no memory limit is set, "
			 "this can result in the system running out of resources.");
	return check_sets(config, err);
}

static int write_rates(struct json_writer *w, const char *key, const char *number,
		       const struct field_array *array, struct error *err)
{
	const struct container_rate *rates = array->v;
	unsigned major, minor;
	int r = 0;

	if (array->n == 0)
		return 0;
	json_array_begin(w, key);
	for (size_t i = 0; r == 0 && i < array->n; i++) {
		r = host_device_number(rates[i].path, &major, &minor, err);
		if (r < 0)
			break;
		json_object_begin(w, NULL);
		json_write_u64(w, "major", major);
		json_write_u64(w, "minor", minor);
		json_write_u64(w, number, rates[i].rate);
		json_end(w);
	}
	json_end(w);
	return r;
}

int host_limits_block_io(const struct container_isolation *isolation, struct str *out,
			 struct error *err)
{
	const struct {
		const char *key;
		const char *number;
		const struct field_array *rates;
	} parts[] = {
		{"weightDevice", "weight", &isolation->blkio_weight_devices},
		{"throttleReadBpsDevice", "rate", &isolation->device_read_bps},
		{"throttleWriteBpsDevice", "rate", &isolation->device_write_bps},
		{"throttleReadIOPSDevice", "rate", &isolation->device_read_iops},
		{"throttleWriteIOPSDevice", "rate", &isolation->device_write_iops},
	};
	bool any = isolation->blkio_weight != 0;
	struct json_writer w;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		any |= parts[i].rates->n > 0;
	if (!any)
		return 0;
	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	if (isolation->blkio_weight)
		json_write_u64(&w, "weight", isolation->blkio_weight);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = write_rates(&w, parts[i].key, parts[i].number, parts[i].rates, err);
	json_end(&w);
	return r;
}
