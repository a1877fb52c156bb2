#include "api/docker/body.h"

#include "base/mem.h"
#include "base/strv.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIST_MAX 16384 /* elements of one list */

static int wrong(struct error *err, const char *what)
{
	return error_set(err, ERROR_INVALID, "must be %s", what);
}

/* ---- objects ---- */

struct reading {
	const struct json *object;
	const struct body_member *members;
	void *target;
	struct error *err;
};

static const struct body_member *find_member(const struct body_member *members, const char *key)
{
	for (; members->name; members++)
		if (strcasecmp(members->name, key) == 0)
			return members;
	return NULL;
}

static int read_member(const char *key, struct json *value, void *arg)
{
	const struct reading *reading = arg;
	const struct body_member *member = find_member(reading->members, key);
	auto_error why = {0};
	char *field;
	int r;

	if (!member || json_kind(value) == JSON_NULL)
		return 0;
	/* Where the exact name is there, another spelling of it says nothing. */
	if (!STREQ(member->name, key) && json_has(reading->object, member->name))
		return 0;
	field = (char *)reading->target + member->offset;
	if (!member->members)
		r = member->read(value, field, &why);
	else if (json_is(value, JSON_OBJECT))
		r = body_read(value, member->members, field, &why);
	else
		r = wrong(&why, "an object");
	if (r >= 0)
		return 0;
	/* Members of members come with their names before a colon already. */
	return error_set(reading->err, why.kind, "%s%s%s", member->name,
			 member->members && json_is(value, JSON_OBJECT) ? "." : ": ", why.message);
}

int body_read(const struct json *object, const struct body_member *members, void *target,
	      struct error *err)
{
	struct reading reading = {object, members, target, err};

	return json_each(object, read_member, &reading);
}

struct search {
	const char *name;
	const struct json *found;
};

static int match_member(const char *key, struct json *value, void *arg)
{
	struct search *search = arg;

	if (strcasecmp(key, search->name) == 0)
		search->found = value;
	return 0;
}

const struct json *body_get(const struct json *object, const char *name)
{
	struct search search = {name, json_get(object, name)};

	if (!search.found)
		(void)json_each(object, match_member, &search);
	return search.found;
}

/* ---- values ---- */

int body_text(const struct json *value, void *field, struct error *err)
{
	const char *text = json_string(value);
	char **to = field;

	if (!text)
		return wrong(err, "a string");
	free(*to);
	*to = *text ? mem_strdup(text) : NULL;
	return 0;
}

int body_flag(const struct json *value, void *field, struct error *err)
{
	if (!json_is(value, JSON_BOOL))
		return wrong(err, "true or false");
	*(bool *)field = json_boolean(value, false);
	return 0;
}

int body_i64(const struct json *value, void *field, struct error *err)
{
	int64_t number;

	if (json_i64(value, &number) < 0)
		return wrong(err, "a whole number");
	*(int64_t *)field = number;
	return 0;
}

int body_int(const struct json *value, void *field, struct error *err)
{
	int64_t number;

	if (json_i64(value, &number) < 0 || number < INT_MIN || number > INT_MAX)
		return wrong(err, "a whole number of 32 bits");
	*(int *)field = (int)number;
	return 0;
}

int body_u64(const struct json *value, void *field, struct error *err)
{
	int64_t number;

	if (json_i64(value, &number) < 0 || number < 0)
		return wrong(err, "a whole number, zero or more");
	*(uint64_t *)field = (uint64_t)number;
	return 0;
}

int body_list(const struct json *value, void *field, struct error *err)
{
	struct strv *list = field;
	size_t count = json_count(value);

	if (!json_is(value, JSON_ARRAY) || count > LIST_MAX)
		return wrong(err, "a list of strings");
	strv_release(list);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string(json_at(value, i));

		if (!text)
			return wrong(err, "a list of strings");
		strv_add(list, text);
	}
	return 0;
}

int body_command(const struct json *value, void *field, struct error *err)
{
	struct strv *list = field;

	if (!json_is(value, JSON_STRING))
		return body_list(value, field, err);
	strv_release(list);
	strv_add(list, json_string(value));
	return 0;
}

static int add_pair(const char *key, struct json *value, void *arg)
{
	if (!json_is(value, JSON_STRING) && json_kind(value) != JSON_NULL)
		return -1;
	if (!*key || strchr(key, '='))
		return -1;
	strv_add_format(arg, "%s=%s", key, json_string(value) ? json_string(value) : "");
	return 0;
}

int body_pairs(const struct json *value, void *field, struct error *err)
{
	strv_release(field);
	if (!json_is(value, JSON_OBJECT) || json_size(value) > LIST_MAX ||
	    json_each(value, add_pair, field) < 0)
		return wrong(err, "an object of strings");
	return 0;
}

static int add_name(const char *key, struct json *value, void *arg)
{
	if (!json_is(value, JSON_OBJECT) && json_kind(value) != JSON_NULL)
		return -1;
	strv_add(arg, key);
	return 0;
}

int body_names(const struct json *value, void *field, struct error *err)
{
	strv_release(field);
	if (!json_is(value, JSON_OBJECT) || json_size(value) > LIST_MAX ||
	    json_each(value, add_name, field) < 0)
		return wrong(err, "an object of empty objects");
	return 0;
}

int body_ignore(const struct json *value, void *field, struct error *err)
{
	(void)value;
	(void)field;
	(void)err;
	return 0;
}

static int is_set(const char *key, struct json *value, void *arg);

static bool is_zero(const struct json *value)
{
	int64_t number;

	switch (json_kind(value)) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return !json_boolean(value, false);
	case JSON_NUMBER:
		return json_i64(value, &number) == 0 && number == 0;
	case JSON_STRING:
		return !*json_string(value);
	case JSON_ARRAY:
		return json_count(value) == 0;
	case JSON_OBJECT:
		return json_each(value, is_set, NULL) == 0;
	}
	return false;
}

static int is_set(const char *key, struct json *value, void *arg)
{
	(void)key;
	(void)arg;
	return is_zero(value) ? 0 : 1;
}

int body_refuse(const struct json *value, void *field, struct error *err)
{
	(void)field;
	if (is_zero(value))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "is not supported yet: leave it out");
}
