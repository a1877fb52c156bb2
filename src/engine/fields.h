/*
 * The members of a structure as a table of rows: one table releases, copies, writes and reads it.
 *
 * So a new member of a container's configuration is one line in the structure, one row in the
 * table, and is owned, copied and on record. JSON is read strictly: an object with a member that is
 * unknown, missing or of another type is refused.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/json-write.h"
#include "codec/json.h"

#include <stdbool.h>
#include <stddef.h>

enum field_kind {
	FIELD_TEXT,  /* char *; null when NULL */
	FIELD_LIST,  /* struct strv */
	FIELD_FLAG,  /* bool */
	FIELD_INT,   /* int */
	FIELD_UINT,  /* unsigned */
	FIELD_I64,   /* int64_t */
	FIELD_U64,   /* uint64_t */
	FIELD_TABLE, /* struct field_array: an array of structures that have a table themselves */
};

/* What a FIELD_TABLE points to. */
struct field_array {
	void *v; /* owned */
	size_t n;
};

struct fields;

struct field {
	const char *key;
	enum field_kind kind;
	size_t offset;
	const struct fields *elements; /* FIELD_TABLE only */
};

struct fields {
	const struct field *v;
	size_t n;
	size_t size; /* of the structure */
};

#define FIELD(type, kind, key, member)                         \
	{                                                      \
		key, kind, offsetof(struct type, member), NULL \
	}
#define FIELD_ARRAY(type, key, member, elements)                          \
	{                                                                 \
		key, FIELD_TABLE, offsetof(struct type, member), elements \
	}
#define FIELDS(type, rows)                                   \
	{                                                    \
		rows, ARRAY_SIZE(rows), sizeof(struct type), \
	}

#define FIELD_ARRAY_MAX 4096

/* Appends an element of @size bytes, zeroed, and returns it. */
void *field_array_add(struct field_array *array, size_t size) MUST_CHECK;

void field_array_release(struct field_array *array, const struct fields *elements);

/* Whether no element lacks one of its texts. */
bool field_array_has_texts(const struct field_array *array, const struct fields *elements);

void fields_release(const struct fields *fields, void *base);

/* Into @to, whose members of the table are overwritten: it owns them from now on. */
void fields_copy(const struct fields *fields, void *to, const void *from);

/* The members, inside of an object that is open. */
void fields_write(const struct fields *fields, const void *base, struct json_writer *w);

/* The members of @object, which has those of the table, those named in @extra (ends with NULL; for
 * the caller to read) and no others. ERROR_CORRUPT names @what. What was read before a failure is
 * in @base, for fields_release(). */
int fields_read(const struct fields *fields, const struct json *object, const char *what,
		const char *const *extra, void *base, struct error *err) MUST_CHECK;

/* The same, but a member that is not there keeps its value: it is younger than who wrote this. */
int fields_update(const struct fields *fields, const struct json *object, const char *what,
		  const char *const *extra, void *base, struct error *err) MUST_CHECK;

/* ERROR_CORRUPT: "record: "key" is missing or malformed". */
int fields_bad(struct error *err, const char *key);
