#include "engine/fields.h"

#include "base/mem.h"
#include "base/strv.h"

#include <stdint.h>
#include <string.h>

void *field_array_add(struct field_array *array, size_t size)
{
	char *element;

	array->v = mem_resize(array->v, (array->n + 1) * size);
	element = (char *)array->v + array->n * size;
	memset(element, 0, size);
	array->n++;
	return element;
}

void field_array_release(struct field_array *array, const struct fields *elements)
{
	for (size_t i = 0; i < array->n; i++)
		fields_release(elements, (char *)array->v + i * elements->size);
	mem_freep(&array->v);
	array->n = 0;
}

bool field_array_has_texts(const struct field_array *array, const struct fields *elements)
{
	for (size_t i = 0; i < array->n; i++) {
		const char *element = (const char *)array->v + i * elements->size;

		for (size_t k = 0; k < elements->n; k++)
			if (elements->v[k].kind == FIELD_TEXT &&
			    !*(char *const *)(const void *)(element + elements->v[k].offset))
				return false;
	}
	return true;
}

void fields_release(const struct fields *fields, void *base)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *field = &fields->v[i];
		void *p = (char *)base + field->offset;

		if (field->kind == FIELD_TEXT)
			mem_freep(p);
		else if (field->kind == FIELD_LIST)
			strv_release(p);
		else if (field->kind == FIELD_TABLE)
			field_array_release(p, field->elements);
	}
}

static void copy_array(const struct fields *elements, struct field_array *to,
		       const struct field_array *from)
{
	*to = (struct field_array) {0};
	for (size_t i = 0; i < from->n; i++)
		fields_copy(elements, field_array_add(to, elements->size),
			    (const char *)from->v + i * elements->size);
}

static void copy_field(const struct field *field, void *to, const void *from)
{
	const char *text;

	switch (field->kind) {
	case FIELD_TEXT:
		text = *(char *const *)from;
		*(char **)to = text ? mem_strdup(text) : NULL;
		break;
	case FIELD_LIST:
		*(struct strv *)to = (struct strv) {0};
		strv_copy(to, from);
		break;
	case FIELD_FLAG:
		*(bool *)to = *(const bool *)from;
		break;
	case FIELD_INT:
		*(int *)to = *(const int *)from;
		break;
	case FIELD_UINT:
		*(unsigned *)to = *(const unsigned *)from;
		break;
	case FIELD_I64:
	case FIELD_U64:
		memcpy(to, from, sizeof(uint64_t));
		break;
	case FIELD_TABLE:
		copy_array(field->elements, to, from);
		break;
	}
}

void fields_copy(const struct fields *fields, void *to, const void *from)
{
	for (size_t i = 0; i < fields->n; i++)
		copy_field(&fields->v[i], (char *)to + fields->v[i].offset,
			   (const char *)from + fields->v[i].offset);
}

static void write_array(const struct fields *elements, const struct field_array *array,
			const char *key, struct json_writer *w)
{
	json_array_begin(w, key);
	for (size_t i = 0; i < array->n; i++) {
		json_object_begin(w, NULL);
		fields_write(elements, (const char *)array->v + i * elements->size, w);
		json_end(w);
	}
	json_end(w);
}

void fields_write(const struct fields *fields, const void *base, struct json_writer *w)
{
	for (size_t i = 0; i < fields->n; i++) {
		const void *p = (const char *)base + fields->v[i].offset;
		const char *key = fields->v[i].key;

		switch (fields->v[i].kind) {
		case FIELD_TEXT:
			json_write_string(w, key, *(char *const *)p);
			break;
		case FIELD_LIST:
			json_write_strings(w, key, strv_argv(p));
			break;
		case FIELD_FLAG:
			json_write_bool(w, key, *(const bool *)p);
			break;
		case FIELD_INT:
			json_write_i64(w, key, *(const int *)p);
			break;
		case FIELD_UINT:
			json_write_u64(w, key, *(const unsigned *)p);
			break;
		case FIELD_I64:
			json_write_i64(w, key, *(const int64_t *)p);
			break;
		case FIELD_U64:
			json_write_u64(w, key, *(const uint64_t *)p);
			break;
		case FIELD_TABLE:
			write_array(fields->v[i].elements, p, key, w);
			break;
		}
	}
}

int fields_bad(struct error *err, const char *key)
{
	return error_set(err, ERROR_CORRUPT, "record: \"%s\" is missing or malformed", key);
}

static int read_list(const struct json *value, const char *key, struct strv *ret, struct error *err)
{
	if (!json_is(value, JSON_ARRAY))
		return fields_bad(err, key);
	for (size_t i = 0; i < json_count(value); i++) {
		const char *s = json_string(json_at(value, i));

		if (!s)
			return fields_bad(err, key);
		strv_add(ret, s);
	}
	return 0;
}

static int read_array(const struct json *value, const struct field *field, struct field_array *ret,
		      struct error *err)
{
	static const char *const extra[] = {NULL};
	int r = 0;

	if (!json_is(value, JSON_ARRAY) || json_count(value) > FIELD_ARRAY_MAX)
		return fields_bad(err, field->key);
	for (size_t i = 0; r == 0 && i < json_count(value); i++)
		r = fields_read(field->elements, json_at(value, i), field->key, extra,
				field_array_add(ret, field->elements->size), err);
	return r;
}

static int read_field(const struct json *value, const struct field *field, void *p,
		      struct error *err)
{
	int64_t number;

	switch (field->kind) {
	case FIELD_TEXT:
		if (json_kind(value) == JSON_NULL)
			return 0;
		if (!json_string(value))
			return fields_bad(err, field->key);
		*(char **)p = mem_strdup(json_string(value));
		return 0;
	case FIELD_LIST:
		return read_list(value, field->key, p, err);
	case FIELD_FLAG:
		if (!json_is(value, JSON_BOOL))
			return fields_bad(err, field->key);
		*(bool *)p = json_boolean(value, false);
		return 0;
	case FIELD_INT:
		if (json_i64(value, &number) < 0 || number < INT32_MIN || number > INT32_MAX)
			return fields_bad(err, field->key);
		*(int *)p = (int)number;
		return 0;
	case FIELD_UINT:
		if (json_i64(value, &number) < 0 || number < 0 || number > UINT32_MAX)
			return fields_bad(err, field->key);
		*(unsigned *)p = (unsigned)number;
		return 0;
	case FIELD_I64:
		return json_i64(value, p) < 0 ? fields_bad(err, field->key) : 0;
	case FIELD_U64:
		return json_u64(value, p) < 0 ? fields_bad(err, field->key) : 0;
	case FIELD_TABLE:
		return read_array(value, field, p, err);
	}
	return fields_bad(err, field->key);
}

struct members {
	const struct fields *fields;
	const char *const *extra;
	const char *what;
	void *base;
	size_t seen;
	struct error *err;
};

static const struct field *find_field(const struct members *members, const char *key)
{
	const struct fields *fields = members->fields;

	/* In a record of our own each is where it is expected. */
	if (members->seen < fields->n && STREQ(fields->v[members->seen].key, key))
		return &fields->v[members->seen];
	for (size_t i = 0; i < fields->n; i++)
		if (STREQ(fields->v[i].key, key))
			return &fields->v[i];
	return NULL;
}

static int read_member(const char *key, struct json *value, void *arg)
{
	struct members *members = arg;
	const struct field *field = find_field(members, key);

	members->seen++;
	if (field)
		return read_field(value, field, (char *)members->base + field->offset,
				  members->err);
	for (const char *const *extra = members->extra; *extra; extra++)
		if (STREQ(*extra, key))
			return 0;
	return error_set(members->err, ERROR_CORRUPT, "record: an unknown member in \"%s\"",
			 members->what);
}

/* Reads the members that are there; *@ret_seen counts them and the extra ones. */
static int read_members(const struct fields *fields, const struct json *object, const char *what,
			const char *const *extra, void *base, size_t *ret_seen, struct error *err)
{
	struct members members = {fields, extra, what, base, 0, err};
	int r;

	if (!json_is(object, JSON_OBJECT))
		return fields_bad(err, what);
	r = json_each(object, read_member, &members);
	*ret_seen = members.seen;
	return r;
}

int fields_read(const struct fields *fields, const struct json *object, const char *what,
		const char *const *extra, void *base, struct error *err)
{
	size_t wanted = fields->n, seen;
	int r = read_members(fields, object, what, extra, base, &seen, err);

	while (*extra++)
		wanted++;
	if (r == 0 && seen != wanted)
		return error_set(err, ERROR_CORRUPT, "record: a member of \"%s\" is missing", what);
	return r;
}

int fields_update(const struct fields *fields, const struct json *object, const char *what,
		  const char *const *extra, void *base, struct error *err)
{
	size_t seen;

	return read_members(fields, object, what, extra, base, &seen, err);
}
