#include "spec/runtime-read.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>

static bool is_absent(const struct json *value)
{
	return !value || json_is(value, JSON_NULL);
}

static int refuse(struct error *err, const char *where, const char *key, const char *what)
{
	return error_set(err, ERROR_INVALID, "config: %s%s%s must be %s", where, *where ? "." : "",
			 key, what);
}

int read_string(const struct json *object, const char *where, const char *key, const char **ret,
		struct error *err)
{
	const struct json *value = json_get(object, key);

	if (is_absent(value))
		return 0;
	if (!json_is(value, JSON_STRING))
		return refuse(err, where, key, "a string");
	*ret = json_string(value);
	return 0;
}

int read_bool(const struct json *object, const char *where, const char *key, bool *ret,
	      struct error *err)
{
	const struct json *value = json_get(object, key);

	if (is_absent(value))
		return 0;
	if (!json_is(value, JSON_BOOL))
		return refuse(err, where, key, "true or false");
	*ret = json_boolean(value, false);
	return 0;
}

int read_i64(const struct json *object, const char *where, const char *key, int64_t min,
	     int64_t max, struct runtime_i64 *ret, struct error *err)
{
	const struct json *value = json_get(object, key);
	int64_t number;
	uint64_t big;

	if (is_absent(value))
		return 0;
	if (json_i64(value, &number) < 0) {
		/* Numbers beyond the signed range mean "as much as there is". */
		if (json_u64(value, &big) < 0)
			return refuse(err, where, key, "a whole number");
		number = INT64_MAX;
	}
	if (number < min || number > max)
		return error_set(err, ERROR_INVALID,
				 "config: %s%s%s must be between %" PRId64 " and %" PRId64, where,
				 *where ? "." : "", key, min, max);
	*ret = (struct runtime_i64) {.set = true, .value = number};
	return 0;
}

int read_u32(const struct json *object, const char *where, const char *key, uint32_t *ret,
	     struct error *err)
{
	struct runtime_i64 number = {0};
	int r;

	/* The highest value stands for "no such id" in the kernel. */
	r = read_i64(object, where, key, 0, UINT32_MAX - 1, &number, err);
	if (r < 0)
		return r;
	if (number.set)
		*ret = (uint32_t)number.value;
	return 0;
}

int read_container(const struct json *object, const char *where, const char *key,
		   enum json_kind kind, const struct json **ret, struct error *err)
{
	const struct json *value = json_get(object, key);

	*ret = NULL;
	if (is_absent(value))
		return 0;
	if (!json_is(value, kind))
		return refuse(err, where, key, kind == JSON_ARRAY ? "an array" : "an object");
	*ret = value;
	return 0;
}

int read_strings(const struct json *object, const char *where, const char *key, char ***ret,
		 struct error *err)
{
	const struct json *array;
	char **list;
	int r;

	r = read_container(object, where, key, JSON_ARRAY, &array, err);
	if (r < 0 || !array)
		return r;
	list = mem_zero(json_count(array) + 1, sizeof(*list));
	for (size_t i = 0; i < json_count(array); i++) {
		list[i] = (char *)json_string(json_at(array, i));
		if (!list[i]) {
			mem_freep(&list);
			return refuse(err, where, key, "an array of strings");
		}
	}
	*ret = list;
	return 0;
}
