/*
 * JSON documents, read strictly (RFC 8259): no trailing bytes, no comments, UTF-8 checked, numbers
 * exact to 64 bits, nesting bounded. Why not a library: docs/design/0008-json.md.
 *
 * A document is one tree: json_free() on the root frees all of it; every other pointer borrows from
 * it. Getters accept NULL and values of another type and then answer "absent": check with
 * json_is().
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

#define JSON_DEPTH_MAX 64

/* 0, -EINVAL (not JSON; *@ret_offset, if asked for, is the byte where it went wrong), -E2BIG
 * (nested too deep or longer than INT_MAX). */
int json_parse(const char *text, size_t len, struct json **ret, size_t *ret_offset) MUST_CHECK;
void json_free(struct json *root);
void json_freep(struct json **root);
#define auto_json CLEANUP(json_freep) struct json

enum json_kind json_kind(const struct json *value); /* NULL pointer: JSON_NULL */
bool json_is(const struct json *value, enum json_kind type);

/* The member called @key, or NULL (absent, or @object is none). A duplicate key: the last one. */
struct json *json_get(const struct json *object, const char *key);
/* Whether there is such a member: json_get does not tell null from absent. */
bool json_has(const struct json *object, const char *key);
size_t json_size(const struct json *object); /* members; 0 for anything but an object */
size_t json_count(const struct json *array); /* 0 for anything but an array */
struct json *json_at(const struct json *array, size_t index);

/* Calls @each for every member in order until it returns non-zero; returns that, or 0. */
int json_each(const struct json *object,
	      int (*each)(const char *key, struct json *value, void *arg), void *arg);

/* NULL unless a string. Strings with embedded NUL bytes are refused by json_parse. */
const char *json_string(const struct json *value);
bool json_boolean(const struct json *value, bool absent);
/* 0, -ENOENT (absent or no number), -ERANGE (not an integer that fits). */
int json_i64(const struct json *value, int64_t *ret) MUST_CHECK;
int json_u64(const struct json *value, uint64_t *ret) MUST_CHECK;

/* Shorthands for members. */
const char *json_get_string(const struct json *object, const char *key);
bool json_get_bool(const struct json *object, const char *key, bool absent);
int64_t json_get_i64(const struct json *object, const char *key, int64_t absent);

/* The value again as compact JSON text; owned by the caller. */
char *json_text(const struct json *value) MUST_CHECK;
