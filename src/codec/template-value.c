#include "codec/template-value.h"

#include "base/mem.h"
#include "codec/json-write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct value value_number(int64_t number)
{
	return (struct value) {.kind = VALUE_NUMBER, .number = number};
}

struct value value_bool(bool truth)
{
	return (struct value) {.kind = VALUE_BOOL, .number = truth};
}

struct value value_string(const char *string)
{
	return (struct value) {.kind = VALUE_STRING, .string = string};
}

struct value value_of(const struct json *json)
{
	struct value value = {.kind = VALUE_JSON, .json = json};

	switch (json_kind(json)) {
	case JSON_NULL:
		value.kind = VALUE_NONE;
		break;
	case JSON_BOOL:
		return value_bool(json_boolean(json, false));
	case JSON_STRING:
		return value_string(json_string(json));
	case JSON_NUMBER:
		if (json_i64(json, &value.number) == 0)
			return value_number(value.number);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return value;
}

static enum template_type type_find(const struct template_member *types, const char *name)
{
	for (; types && types->name; types++)
		if (STREQ(types->name, name))
			return types->type;
	return TEMPLATE_STRUCT;
}

static bool is_map(enum template_type type)
{
	return type == TEMPLATE_MAP || type == TEMPLATE_STRING_MAP;
}

int value_member(const struct value *value, const char *name, const struct template_member *types,
		 struct value *ret)
{
	bool known = value->kind == VALUE_JSON && json_has(value->json, name);

	if (!known && !is_map(value->type))
		return -ENOENT;
	*ret = value_of(known ? json_get(value->json, name) : NULL);
	/* A label called "Ports" is still a string: only members of structs have types. */
	if (!is_map(value->type))
		ret->type = type_find(types, name);
	return 0;
}

bool value_true(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
	case VALUE_NUMBER:
		return value->number != 0;
	case VALUE_STRING:
		return *value->string;
	case VALUE_JSON:
		if (json_is(value->json, JSON_ARRAY))
			return json_count(value->json) > 0;
		if (json_is(value->json, JSON_OBJECT) && is_map(value->type))
			return json_size(value->json) > 0;
		return true;
	}
	return false;
}

static void print_none(enum template_type type, struct str *out)
{
	switch (type) {
	case TEMPLATE_STRUCT:
		str_append(out, "<no value>");
		return;
	case TEMPLATE_STRING_MAP:
	case TEMPLATE_MAP:
		str_append(out, "map[]");
		return;
	case TEMPLATE_LIST:
		str_append(out, "[]");
		return;
	case TEMPLATE_POINTER:
		str_append(out, "<nil>");
		return;
	}
}

static void print_map(const struct value *map, const struct template_member *types, struct str *out)
{
	auto_free const char **keys = NULL;
	size_t count = value_keys(map->json, &keys);

	str_append(out, "map[");
	for (size_t i = 0; i < count; i++) {
		struct value member = value_of(json_get(map->json, keys[i]));

		str_append_format(out, "%s%s:", i ? " " : "", keys[i]);
		value_print(&member, types, out);
	}
	str_append_char(out, ']');
}

struct printing {
	const struct template_member *types;
	struct str *out;
	bool first;
};

static int print_member(const char *key, struct json *json, void *arg)
{
	struct printing *printing = arg;
	struct value member = value_of(json);

	member.type = type_find(printing->types, key);
	if (!printing->first)
		str_append_char(printing->out, ' ');
	printing->first = false;
	value_print(&member, printing->types, printing->out);
	return 0;
}

static void print_json(const struct value *value, const struct template_member *types,
		       struct str *out)
{
	struct printing printing = {types, out, true};

	if (json_is(value->json, JSON_ARRAY)) {
		str_append_char(out, '[');
		for (size_t i = 0; i < json_count(value->json); i++) {
			struct value element = value_of(json_at(value->json, i));

			if (i > 0)
				str_append_char(out, ' ');
			value_print(&element, types, out);
		}
		str_append_char(out, ']');
	} else if (json_is(value->json, JSON_OBJECT) && is_map(value->type)) {
		print_map(value, types, out);
	} else if (json_is(value->json, JSON_OBJECT)) {
		str_append_char(out, '{');
		(void)json_each(value->json, print_member, &printing);
		str_append_char(out, '}');
	} else {
		value_json(value, out);
	}
}

void value_print(const struct value *value, const struct template_member *types, struct str *out)
{
	switch (value->kind) {
	case VALUE_NONE:
		print_none(value->type, out);
		return;
	case VALUE_BOOL:
		str_append(out, value->number ? "true" : "false");
		return;
	case VALUE_NUMBER:
		str_append_format(out, "%lld", (long long)value->number);
		return;
	case VALUE_STRING:
		str_append(out, value->string);
		return;
	case VALUE_JSON:
		print_json(value, types, out);
		return;
	}
}

void value_json(const struct value *value, struct str *out)
{
	auto_free char *text = NULL;

	switch (value->kind) {
	case VALUE_NONE:
		str_append(out, "null");
		return;
	case VALUE_BOOL:
	case VALUE_NUMBER:
		value_print(value, NULL, out);
		return;
	case VALUE_STRING:
		json_quote(out, value->string, strlen(value->string));
		return;
	case VALUE_JSON:
		text = json_text(value->json);
		str_append(out, text);
		return;
	}
}

const char *value_type_name(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NONE:
		return "nil";
	case VALUE_BOOL:
		return "bool";
	case VALUE_NUMBER:
		return "int";
	case VALUE_STRING:
		return "string";
	case VALUE_JSON:
		if (json_is(value->json, JSON_ARRAY))
			return "list";
		return json_is(value->json, JSON_OBJECT) ? "map" : "float64";
	}
	return "nil";
}

int value_compare(const struct value *a, const struct value *b, int *ret)
{
	if (a->kind != b->kind || a->kind == VALUE_NONE || a->kind == VALUE_JSON)
		return -EINVAL;
	if (a->kind == VALUE_STRING)
		*ret = strcmp(a->string, b->string);
	else
		*ret = a->number < b->number ? -1 : a->number > b->number;
	return 0;
}

struct collection {
	const char **keys;
	size_t count;
};

static int collect_key(const char *key, struct json *value, void *arg)
{
	struct collection *collection = arg;

	(void)value;
	collection->keys[collection->count++] = key;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t value_keys(const struct json *object, const char ***ret)
{
	struct collection collection = {
		.keys = mem_zero(json_size(object) + 1, sizeof(*collection.keys)),
	};

	(void)json_each(object, collect_key, &collection);
	qsort(collection.keys, collection.count, sizeof(*collection.keys), compare_keys);
	*ret = collection.keys;
	return collection.count;
}
