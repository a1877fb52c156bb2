#include "codec/json.h"

#include "base/mem.h"
#include "base/parse.h"
#include "codec/json-internal.h"
#include "codec/json-write.h"

#include <errno.h>
#include <string.h>

/* A null is no value to those who ask for one. */
static struct json *or_null(struct json *value)
{
	return value->kind == JSON_NULL ? NULL : value;
}

enum json_kind json_kind(const struct json *value)
{
	return value ? (enum json_kind)value->kind : JSON_NULL;
}

bool json_is(const struct json *value, enum json_kind type)
{
	return value && value->kind == type;
}

static struct json *find(const struct json *object, const char *key)
{
	uint32_t hash = json_key_hash(key);
	size_t size = json_size(object);

	for (size_t i = 0; i < size; i++)
		if (object->children[i].key_hash == hash && STREQ(object->children[i].key, key))
			return &object->children[i];
	return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
	struct json *member = find(object, key);

	return member ? or_null(member) : NULL;
}

bool json_has(const struct json *object, const char *key)
{
	return find(object, key) != NULL;
}

size_t json_size(const struct json *object)
{
	return json_is(object, JSON_OBJECT) ? object->count : 0;
}

size_t json_count(const struct json *array)
{
	return json_is(array, JSON_ARRAY) ? array->count : 0;
}

struct json *json_at(const struct json *array, size_t index)
{
	return index < json_count(array) ? or_null(&array->children[index]) : NULL;
}

int json_each(const struct json *object,
	      int (*each)(const char *key, struct json *value, void *arg), void *arg)
{
	for (size_t i = 0; i < json_size(object); i++) {
		struct json *member = &object->children[i];
		int r = each(member->key, or_null(member), arg);

		if (r)
			return r;
	}
	return 0;
}

const char *json_string(const struct json *value)
{
	return json_is(value, JSON_STRING) ? value->text : NULL;
}

bool json_boolean(const struct json *value, bool absent)
{
	return json_is(value, JSON_BOOL) ? value->truth : absent;
}

int json_i64(const struct json *value, int64_t *ret)
{
	if (!json_is(value, JSON_NUMBER))
		return -ENOENT;
	return parse_i64(value->text, ret) < 0 ? -ERANGE : 0;
}

int json_u64(const struct json *value, uint64_t *ret)
{
	if (!json_is(value, JSON_NUMBER))
		return -ENOENT;
	return parse_u64(value->text, ret) < 0 ? -ERANGE : 0;
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

/* Nested at most JSON_DEPTH_MAX deep. */
static void write_value(const struct json *value, struct str *out)
{
	bool is_object = value->kind == JSON_OBJECT;

	switch ((enum json_kind)value->kind) {
	case JSON_NULL:
		str_append(out, "null");
		return;
	case JSON_BOOL:
		str_append(out, value->truth ? "true" : "false");
		return;
	case JSON_NUMBER:
		str_append(out, value->text);
		return;
	case JSON_STRING:
		json_quote(out, value->text, strlen(value->text));
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	str_append_char(out, is_object ? '{' : '[');
	for (size_t i = 0; i < value->count; i++) {
		const struct json *child = &value->children[i];

		if (i > 0)
			str_append_char(out, ',');
		if (is_object) {
			json_quote(out, child->key, strlen(child->key));
			str_append_char(out, ':');
		}
		write_value(child, out);
	}
	str_append_char(out, is_object ? '}' : ']');
}

char *json_text(const struct json *value)
{
	auto_str out = {0};

	if (!value)
		return mem_strdup("null");
	write_value(value, &out);
	return str_take(&out);
}
