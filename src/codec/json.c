#include "codec/json.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <json-c/json.h>

/* struct json is json-c's struct json_object under another name: nothing outside this file knows.
 */
static struct json_object *inner(const struct json *value)
{
	return (struct json_object *)value;
}

static int tokener_errno(enum json_tokener_error error)
{
	return error == json_tokener_error_depth || error == json_tokener_error_size ? -E2BIG
										     : -EINVAL;
}

/* json-c keeps string lengths, C callers do not look at them: a NUL inside would cut a value short.
 */
static bool has_embedded_nul(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return strlen(json_object_get_string(value)) !=
		       (size_t)json_object_get_string_len(value);
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(value); i++)
			if (has_embedded_nul(json_object_array_get_idx(value, i)))
				return true;
		return false;
	case json_type_object: {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			if (has_embedded_nul(member))
				return true;
		}
		return false;
	}
	case json_type_null:
	case json_type_boolean:
	case json_type_double:
	case json_type_int:
		return false;
	}
	return false;
}

/* json-c's strict mode still takes 'single quotes', NaN and Infinity. The offset of the first byte
 * that JSON has no use for outside strings, or @len. */
static size_t find_foreign_byte(const char *text, size_t len)
{
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && !memchr(" \t\n\r{}[]:,0123456789+-.eEtrufalsn", text[i], 33))
			return i;
	}
	return len;
}

int json_parse(const char *text, size_t len, struct json **ret, size_t *ret_offset)
{
	struct json_tokener *tokener;
	struct json_object *object;
	enum json_tokener_error error;
	size_t foreign;
	int r = 0;

	if (len >= INT_MAX)
		return -E2BIG;
	foreign = find_foreign_byte(text, len);
	if (foreign < len) {
		if (ret_offset)
			*ret_offset = foreign;
		return -EINVAL;
	}
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* The NUL behind the text lets the tokener see the end of a bare number. */
	object = json_tokener_parse_ex(tokener, text, (int)len);
	error = json_tokener_get_error(tokener);
	if (error == json_tokener_continue) {
		object = json_tokener_parse_ex(tokener, "", 1);
		error = json_tokener_get_error(tokener);
	}
	if (error != json_tokener_success)
		r = tokener_errno(error);
	else if (!object || has_embedded_nul(object))
		r = -EINVAL; /* a bare null is no document of ours */
	if (r < 0 && ret_offset)
		*ret_offset = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (r < 0) {
		(void)json_object_put(object);
		return r;
	}
	*ret = (struct json *)object;
	return 0;
}

void json_free(struct json *root)
{
	(void)json_object_put(inner(root));
}

void json_freep(struct json **root)
{
	json_free(*root);
	*root = NULL;
}

enum json_kind json_kind(const struct json *value)
{
	switch (json_object_get_type(inner(value))) {
	case json_type_null:
		return JSON_NULL;
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_double:
	case json_type_int:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	}
	return JSON_NULL;
}

bool json_is(const struct json *value, enum json_kind type)
{
	return value && json_kind(value) == type;
}

struct json *json_get(const struct json *object, const char *key)
{
	struct json_object *member;

	if (!json_is(object, JSON_OBJECT))
		return NULL;
	return json_object_object_get_ex(inner(object), key, &member) ? (struct json *)member
								      : NULL;
}

bool json_has(const struct json *object, const char *key)
{
	return json_is(object, JSON_OBJECT) && json_object_object_get_ex(inner(object), key, NULL);
}

size_t json_size(const struct json *object)
{
	return json_is(object, JSON_OBJECT) ? (size_t)json_object_object_length(inner(object)) : 0;
}

size_t json_count(const struct json *array)
{
	return json_is(array, JSON_ARRAY) ? json_object_array_length(inner(array)) : 0;
}

struct json *json_at(const struct json *array, size_t index)
{
	if (index >= json_count(array))
		return NULL;
	return (struct json *)json_object_array_get_idx(inner(array), index);
}

int json_each(const struct json *object,
	      int (*each)(const char *key, struct json *value, void *arg), void *arg)
{
	if (!json_is(object, JSON_OBJECT))
		return 0;
	json_object_object_foreach(inner(object), key, member)
	{
		int r = each(key, (struct json *)member, arg);

		if (r)
			return r;
	}
	return 0;
}

const char *json_string(const struct json *value)
{
	return json_is(value, JSON_STRING) ? json_object_get_string(inner(value)) : NULL;
}

bool json_boolean(const struct json *value, bool absent)
{
	return json_is(value, JSON_BOOL) ? json_object_get_boolean(inner(value)) : absent;
}

int json_i64(const struct json *value, int64_t *ret)
{
	uint64_t big;

	if (!json_is(value, JSON_NUMBER))
		return -ENOENT;
	if (!json_object_is_type(inner(value), json_type_int))
		return -ERANGE;
	big = json_object_get_uint64(inner(value));
	if (big > INT64_MAX)
		return -ERANGE;
	*ret = json_object_get_int64(inner(value));
	return 0;
}

int json_u64(const struct json *value, uint64_t *ret)
{
	if (!json_is(value, JSON_NUMBER))
		return -ENOENT;
	if (!json_object_is_type(inner(value), json_type_int) ||
	    json_object_get_int64(inner(value)) < 0)
		return -ERANGE;
	*ret = json_object_get_uint64(inner(value));
	return 0;
}

const char *json_get_string(const struct json *object, const char *key)
{
	return json_string(json_get(object, key));
}

bool json_get_bool(const struct json *object, const char *key, bool absent)
{
	return json_boolean(json_get(object, key), absent);
}

int64_t json_get_i64(const struct json *object, const char *key, int64_t absent)
{
	int64_t value;

	return json_i64(json_get(object, key), &value) < 0 ? absent : value;
}

char *json_text(const struct json *value)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	return mem_strdup(value ? json_object_to_json_string_ext(inner(value), flags) : "null");
}
