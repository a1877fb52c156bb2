/*
 * A streaming JSON writer over a struct str. Commas, quoting and indentation are its business; the
 * order of calls is the caller's (asserted). With a key for object members, NULL inside arrays and
 * for the outermost value. Bytes that are no UTF-8 are written as U+FFFD, as Go does.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define JSON_WRITE_DEPTH 32

struct json_writer {
	struct str *out;
	unsigned depth;
	unsigned indent; /* spaces per level; 0: compact */
	bool first[JSON_WRITE_DEPTH];
	char closers[JSON_WRITE_DEPTH];
};

void json_writer_init(struct json_writer *w, struct str *out, unsigned indent);

void json_object_begin(struct json_writer *w, const char *key);
void json_array_begin(struct json_writer *w, const char *key);
/* Ends the innermost object or array. */
void json_end(struct json_writer *w);

/* A NULL @value writes null. */
void json_write_string(struct json_writer *w, const char *key, const char *value);
void json_write_bool(struct json_writer *w, const char *key, bool value);
void json_write_i64(struct json_writer *w, const char *key, int64_t value);
void json_write_u64(struct json_writer *w, const char *key, uint64_t value);
void json_write_null(struct json_writer *w, const char *key);
/* @text is JSON already. */
void json_write_raw(struct json_writer *w, const char *key, const char *text);
/* An array of strings; @v is NULL-terminated. */
void json_write_strings(struct json_writer *w, const char *key, char *const *v);

/* Appends @len bytes of @s as a quoted JSON string, for writers of line-oriented logs. */
void json_quote(struct str *out, const char *s, size_t len);
