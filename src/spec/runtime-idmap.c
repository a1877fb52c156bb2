/* config.json: id mappings and time offsets. */
#include "spec/runtime-read.h"

#include "base/mem.h"

#include <errno.h>

/* The kernel's own limit (UID_GID_MAP_MAX_EXTENTS). */
#define MAPS_MAX     340
#define NSEC_PER_SEC 1000000000

static int read_map(const struct json *object, const char *where, struct runtime_id_map *ret,
		    struct error *err)
{
	struct runtime_i64 count = {0};
	int r;

	r = read_u32(object, where, "containerID", &ret->inside, err);
	if (r >= 0)
		r = read_u32(object, where, "hostID", &ret->outside, err);
	if (r >= 0)
		r = read_i64(object, where, "size", 0, UINT32_MAX, &count, err);
	if (r < 0)
		return r;
	ret->count = (uint32_t)count.value;
	if ((uint64_t)ret->inside + ret->count > UINT32_MAX ||
	    (uint64_t)ret->outside + ret->count > UINT32_MAX)
		return error_set(err, ERROR_INVALID,
				 "config: %s: a mapping goes beyond the last id", where);
	return 0;
}

int read_id_maps(const struct json *object, const char *where, const char *key,
		 struct runtime_id_maps *ret, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(object, where, key, JSON_ARRAY, &array, err);
	if (r < 0 || json_count(array) == 0)
		return r;
	if (json_count(array) > MAPS_MAX)
		return error_set(
			err, ERROR_INVALID,
			"config: %s.%s has more than the %d elements that the kernel takes", where,
			key, MAPS_MAX);
	ret->v = mem_zero(json_count(array), sizeof(*ret->v));
	for (size_t i = 0; r >= 0 && i < json_count(array); i++) {
		r = read_map(json_at(array, i), key, &ret->v[ret->n], err);
		ret->n += ret->v[ret->n].count > 0;
	}
	return r;
}

static int read_offset(const struct json *offsets, const char *key, struct runtime_time_offset *ret,
		       struct error *err)
{
	struct runtime_i64 seconds = {0}, nanoseconds = {0};
	const struct json *object;
	int r;

	r = read_container(offsets, "linux.timeOffsets", key, JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_i64(object, key, "secs", INT64_MIN, INT64_MAX, &seconds, err);
	if (r >= 0)
		r = read_i64(object, key, "nanosecs", 0, NSEC_PER_SEC - 1, &nanoseconds, err);
	ret->set = true;
	ret->seconds = seconds.value;
	ret->nanoseconds = (uint32_t)nanoseconds.value;
	return r;
}

int read_time_offsets(const struct json *linux_object, struct runtime_config *config,
		      struct error *err)
{
	const struct json *offsets;
	int r;

	r = read_container(linux_object, "linux", "timeOffsets", JSON_OBJECT, &offsets, err);
	if (r < 0 || !offsets)
		return r;
	r = read_offset(offsets, "monotonic", &config->monotonic, err);
	if (r >= 0)
		r = read_offset(offsets, "boottime", &config->boottime, err);
	return r;
}
