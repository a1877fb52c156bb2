/*
 * Request records: a structure as bytes and back, by a table of its fields.
 *
 * The door writes them, an operation process with privileges reads them; so the encoding is made to
 * be read with no trust at all. One structure has exactly one encoding:
 *
 *   record  = { tag:u16 length:u32 content }   tags strictly ascending, little-endian
 *   bool    = no content; present means true
 *   number  = 8 bytes, never 0, within the bounds of its field
 *   text    = bytes without NUL; absent: NULL    bytes = any; absent: empty
 *   list    = { length:u32 text }, at least one
 *   struct  = a record of its own, not empty     array = { length:u32 record }, at least one
 *   fixed   = the bytes of the member as they are, not all zero
 *   keyed   = { length:u8 key length:u32 content }: a structure that engine/fields.h describes,
 *             its members by key, in the order of that table
 *
 * A field that holds nothing (false, 0, NULL, empty) is left out. A structure is described once,
 * and the same table serves both sides; strings and lists in it are owned (base/str.h,
 * base/strv.h).
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "engine/fields.h"

#include <stddef.h>
#include <stdint.h>

#define TAGGED_TEXT_MAX	 (1u << 20)
#define TAGGED_COUNT_MAX 65536 /* elements of a list or an array */
#define TAGGED_MAX	 (4u << 20)

enum tagged_kind {
	TAGGED_BOOL = 1,
	TAGGED_SIGNED,	 /* int8_t … int64_t, int */
	TAGGED_UNSIGNED, /* likewise, and enums */
	TAGGED_TEXT,	 /* char * */
	TAGGED_BYTES,	 /* struct str */
	TAGGED_LIST,	 /* struct strv */
	TAGGED_STRUCT,	 /* a structure in it, with a table of its own */
	TAGGED_ARRAY,	 /* pointer to structures, and a size_t that counts them */
	TAGGED_FIXED,	 /* plain bytes: an address */
};

struct tagged_field {
	uint16_t tag; /* ascending; 0 ends the table. Numbers are never used again */
	enum tagged_kind kind;
	size_t offset, size; /* of the member; TAGGED_ARRAY: size of an element */
	size_t count_offset; /* TAGGED_ARRAY */
	int64_t minimum;     /* TAGGED_SIGNED */
	uint64_t maximum;    /* numbers; TEXT and BYTES: length; LIST and ARRAY: elements */
	/* TAGGED_STRUCT, TAGGED_ARRAY: one of them */
	const struct tagged_field *fields;
	const struct fields *keyed;
};

#define TAGGED_AT(tag_, kind_, type, member)                              \
	.tag = (tag_), .kind = (kind_), .offset = offsetof(type, member), \
	.size = sizeof(((type *)NULL)->member)

/* Rows of a table: {TAGGED_ROW_TEXT(1, struct kill_request, name)}. */
#define TAGGED_ROW_BOOL(tag, type, member) TAGGED_AT(tag, TAGGED_BOOL, type, member)
#define TAGGED_ROW_SIGNED(tag, type, member, min, max) \
	TAGGED_AT(tag, TAGGED_SIGNED, type, member), .minimum = (min), .maximum = (max)
#define TAGGED_ROW_UNSIGNED(tag, type, member, max) \
	TAGGED_AT(tag, TAGGED_UNSIGNED, type, member), .maximum = (max)
#define TAGGED_ROW_TEXT(tag, type, member) \
	TAGGED_AT(tag, TAGGED_TEXT, type, member), .maximum = TAGGED_TEXT_MAX
#define TAGGED_ROW_BYTES(tag, type, member, max) \
	TAGGED_AT(tag, TAGGED_BYTES, type, member), .maximum = (max)
#define TAGGED_ROW_LIST(tag, type, member) \
	TAGGED_AT(tag, TAGGED_LIST, type, member), .maximum = TAGGED_COUNT_MAX
#define TAGGED_ROW_STRUCT(tag, type, member, table) \
	TAGGED_AT(tag, TAGGED_STRUCT, type, member), .fields = (table)
#define TAGGED_ROW_ARRAY(tag_, type, member, count, max, table)                         \
	.tag = (tag_), .kind = TAGGED_ARRAY, .offset = offsetof(type, member),          \
	.size = sizeof(*((type *)NULL)->member), .count_offset = offsetof(type, count), \
	.maximum = (max), .fields = (table)
/* The structure itself, as far as @table describes it. */
#define TAGGED_ROW_KEYED(tag_, table) \
	.tag = (tag_), .kind = TAGGED_STRUCT, .offset = 0, .keyed = (table)
#define TAGGED_ROW_FIXED(tag, type, member) TAGGED_AT(tag, TAGGED_FIXED, type, member)

/* Appends the record of @values to @out. -E2BIG: something in it is beyond its bounds, and so is
 * what would be read back; -EINVAL: a string in a list is NULL. */
int tagged_encode(const struct tagged_field *fields, const void *values,
		  struct str *out) MUST_CHECK;

/*
 * Reads a record into @values, which is zeroed (@size bytes) first. -EBADMSG: not the one encoding
 * of any structure; then nothing in @values is owned.
 */
int tagged_decode(const struct tagged_field *fields, const void *data, size_t len, void *values,
		  size_t size) MUST_CHECK;

/* Frees what the strings, lists and arrays of @values own, and empties them. */
void tagged_release(const struct tagged_field *fields, void *values);
