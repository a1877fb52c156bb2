#include "api/tagged.h"

#include "base/mem.h"
#include "base/strv.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- members */

static void *member(const struct tagged_field *field, void *values)
{
	return (char *)values + field->offset;
}

static const void *member_const(const struct tagged_field *field, const void *values)
{
	return (const char *)values + field->offset;
}

static size_t array_count(const struct tagged_field *field, const void *values)
{
	size_t count;

	(void)memcpy(&count, (const char *)values + field->count_offset, sizeof(count));
	return count;
}

static const void *array_items(const struct tagged_field *field, const void *values)
{
	const void *items;

	(void)memcpy(&items, member_const(field, values), sizeof(items));
	return items;
}

/* Integers of any width, as the 64 bits that travel. */
static uint64_t load_number(const struct tagged_field *field, const void *values)
{
	const void *from = member_const(field, values);
	bool is_signed = field->kind == TAGGED_SIGNED;

	switch (field->size) {
	case 1:
		return is_signed ? (uint64_t) * (const int8_t *)from : *(const uint8_t *)from;
	case 2:
		return is_signed ? (uint64_t) * (const int16_t *)from : *(const uint16_t *)from;
	case 4:
		return is_signed ? (uint64_t) * (const int32_t *)from : *(const uint32_t *)from;
	default:
		assert(field->size == 8);
		return *(const uint64_t *)from;
	}
}

static void store_number(const struct tagged_field *field, void *values, uint64_t number)
{
	void *to = member(field, values);

	switch (field->size) {
	case 1:
		*(uint8_t *)to = (uint8_t)number;
		return;
	case 2:
		*(uint16_t *)to = (uint16_t)number;
		return;
	case 4:
		*(uint32_t *)to = (uint32_t)number;
		return;
	default:
		assert(field->size == 8);
		*(uint64_t *)to = number;
	}
}

/* What the type of the member can hold, and the table's bounds within that. */
static bool number_fits(const struct tagged_field *field, uint64_t number)
{
	unsigned bits = (unsigned)field->size * 8;

	if (field->kind == TAGGED_UNSIGNED)
		return number <= field->maximum && (bits == 64 || number >> bits == 0);
	assert(bits == 64 || (field->minimum >= -(INT64_C(1) << (bits - 1)) &&
			      (int64_t)field->maximum < INT64_C(1) << (bits - 1)));
	return (int64_t)number >= field->minimum && (int64_t)number <= (int64_t)field->maximum;
}

static bool is_zero(const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

/* The row of an engine's table as one of ours. */
static struct tagged_field from_row(const struct field *row)
{
	struct tagged_field field = {.offset = row->offset, .maximum = TAGGED_COUNT_MAX};

	switch (row->kind) {
	case FIELD_TEXT:
		field.kind = TAGGED_TEXT;
		field.maximum = TAGGED_TEXT_MAX;
		break;
	case FIELD_LIST:
		field.kind = TAGGED_LIST;
		break;
	case FIELD_FLAG:
		field.kind = TAGGED_BOOL;
		break;
	case FIELD_INT:
		field.kind = TAGGED_SIGNED;
		field.size = sizeof(int);
		field.minimum = INT_MIN;
		field.maximum = INT_MAX;
		break;
	case FIELD_UINT:
		field.kind = TAGGED_UNSIGNED;
		field.size = sizeof(unsigned);
		field.maximum = UINT_MAX;
		break;
	case FIELD_I64:
		field.kind = TAGGED_SIGNED;
		field.size = sizeof(int64_t);
		field.minimum = INT64_MIN;
		field.maximum = INT64_MAX;
		break;
	case FIELD_U64:
		field.kind = TAGGED_UNSIGNED;
		field.size = sizeof(uint64_t);
		field.maximum = UINT64_MAX;
		break;
	case FIELD_TABLE:
		field.kind = TAGGED_ARRAY;
		field.size = row->elements->size;
		field.offset = row->offset + offsetof(struct field_array, v);
		field.count_offset = row->offset + offsetof(struct field_array, n);
		field.maximum = FIELD_ARRAY_MAX;
		field.keyed = row->elements;
		break;
	}
	return field;
}

/* ------------------------------------------------------------------------------- writing */

static void put_u16(struct str *out, uint16_t v)
{
	unsigned char bytes[] = {(unsigned char)v, (unsigned char)(v >> 8)};

	str_append_mem(out, bytes, sizeof(bytes));
}

static void put_little(unsigned char *to, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (unsigned char)(v >> (8 * i));
}

static void put_u32(struct str *out, uint32_t v)
{
	unsigned char bytes[sizeof(v)];

	put_little(bytes, v, sizeof(bytes));
	str_append_mem(out, bytes, sizeof(bytes));
}

static int encode_text(const struct tagged_field *field, const char *text, struct str *out)
{
	size_t len = strlen(text);

	if (len > field->maximum)
		return -E2BIG;
	str_append_mem(out, text, len);
	return 0;
}

static int encode_list(const struct tagged_field *field, const struct strv *list, struct str *out)
{
	if (list->n > field->maximum)
		return -E2BIG;
	for (size_t i = 0; i < list->n; i++) {
		size_t len;

		if (!list->v[i])
			return -EINVAL;
		len = strlen(list->v[i]);
		if (len > TAGGED_TEXT_MAX)
			return -E2BIG;
		put_u32(out, (uint32_t)len);
		str_append_mem(out, list->v[i], len);
	}
	return 0;
}

/* Sets the length at @at, which was left open, to that of what has been appended since. */
static int close_length(struct str *out, size_t at)
{
	size_t len = out->len - at - sizeof(uint32_t);

	if (len > TAGGED_MAX)
		return -E2BIG;
	put_little((unsigned char *)out->data + at, len, sizeof(uint32_t));
	return 0;
}

static int encode_structure(const struct tagged_field *field, const void *values, struct str *out);

static int encode_array(const struct tagged_field *field, const void *values, struct str *out)
{
	const char *items = array_items(field, values);
	size_t count = array_count(field, values);

	if (count > field->maximum)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		size_t at = out->len;
		int r;

		put_u32(out, 0);
		r = encode_structure(field, items + i * field->size, out);
		if (r == 0)
			r = close_length(out, at);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_absent(const struct tagged_field *field, const void *values)
{
	const void *from = member_const(field, values);

	switch (field->kind) {
	case TAGGED_BOOL:
		return !*(const bool *)from;
	case TAGGED_SIGNED:
	case TAGGED_UNSIGNED:
		return load_number(field, values) == 0;
	case TAGGED_TEXT:
		return !*(char *const *)from;
	case TAGGED_BYTES:
		return ((const struct str *)from)->len == 0;
	case TAGGED_LIST:
		return ((const struct strv *)from)->n == 0;
	case TAGGED_ARRAY:
		return array_count(field, values) == 0;
	case TAGGED_FIXED:
		return is_zero(from, field->size);
	case TAGGED_STRUCT:
		break;
	}
	return false; /* shows when it is written */
}

static int encode_content(const struct tagged_field *field, const void *values, struct str *out)
{
	const void *from = member_const(field, values);
	unsigned char number[sizeof(uint64_t)];

	switch (field->kind) {
	case TAGGED_BOOL:
		return 0;
	case TAGGED_SIGNED:
	case TAGGED_UNSIGNED:
		if (!number_fits(field, load_number(field, values)))
			return -E2BIG;
		put_little(number, load_number(field, values), sizeof(number));
		str_append_mem(out, number, sizeof(number));
		return 0;
	case TAGGED_TEXT:
		return encode_text(field, *(char *const *)from, out);
	case TAGGED_BYTES:
		if (((const struct str *)from)->len > field->maximum)
			return -E2BIG;
		str_append_mem(out, ((const struct str *)from)->data,
			       ((const struct str *)from)->len);
		return 0;
	case TAGGED_LIST:
		return encode_list(field, from, out);
	case TAGGED_STRUCT:
		return encode_structure(field, from, out);
	case TAGGED_ARRAY:
		return encode_array(field, values, out);
	case TAGGED_FIXED:
		str_append_mem(out, from, field->size);
		return 0;
	}
	return -EINVAL;
}

/* The content, behind its length; @start is where the whole began, and where an empty structure
 * ends again. */
static int encode_member(const struct tagged_field *field, const void *values, size_t start,
			 struct str *out)
{
	size_t at = out->len;
	int r;

	put_u32(out, 0);
	r = encode_content(field, values, out);
	if (r == 0)
		r = close_length(out, at);
	if (r == 0 && field->kind == TAGGED_STRUCT && out->len == at + sizeof(uint32_t))
		out->len = start;
	return r;
}

static int encode_keyed(const struct fields *table, const void *values, struct str *out)
{
	for (size_t i = 0; i < table->n; i++) {
		const char *key = table->v[i].key;
		struct tagged_field field = from_row(&table->v[i]);
		size_t start = out->len, len = strlen(key);
		int r;

		assert(len > 0 && len <= UINT8_MAX);
		if (is_absent(&field, values))
			continue;
		str_append_char(out, (char)(unsigned char)len);
		str_append_mem(out, key, len);
		r = encode_member(&field, values, start, out);
		if (r < 0)
			return r;
	}
	return 0;
}

static int encode_structure(const struct tagged_field *field, const void *values, struct str *out)
{
	return field->keyed ? encode_keyed(field->keyed, values, out)
			    : tagged_encode(field->fields, values, out);
}

int tagged_encode(const struct tagged_field *fields, const void *values, struct str *out)
{
	uint16_t last = 0;

	for (const struct tagged_field *field = fields; field && field->tag; field++) {
		size_t start = out->len;
		int r;

		assert(field->tag > last);
		last = field->tag;
		if (is_absent(field, values))
			continue;
		put_u16(out, field->tag);
		r = encode_member(field, values, start, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ------------------------------------------------------------------------------- reading */

struct reader {
	const unsigned char *data;
	size_t len;
};

static int take(struct reader *reader, size_t len, const unsigned char **ret)
{
	if (reader->len < len)
		return -EBADMSG;
	*ret = reader->data;
	reader->data += len;
	reader->len -= len;
	return 0;
}

static uint64_t get_little(const unsigned char *from, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v |= (uint64_t)from[i] << (8 * i);
	return v;
}

/* A piece with its length before it. */
static int take_piece(struct reader *reader, struct reader *ret)
{
	const unsigned char *p;

	if (take(reader, sizeof(uint32_t), &p) < 0)
		return -EBADMSG;
	ret->len = (size_t)get_little(p, sizeof(uint32_t));
	return take(reader, ret->len, &ret->data);
}

static int read_text(struct reader piece, uint64_t max, char **ret)
{
	if (piece.len > max || (piece.len > 0 && memchr(piece.data, '\0', piece.len)))
		return -EBADMSG;
	*ret = mem_strndup((const char *)piece.data, piece.len);
	return 0;
}

static int decode_number(const struct tagged_field *field, struct reader piece, void *values)
{
	uint64_t number;

	if (piece.len != sizeof(number))
		return -EBADMSG;
	number = get_little(piece.data, sizeof(number));
	if (number == 0 || !number_fits(field, number))
		return -EBADMSG;
	store_number(field, values, number);
	return 0;
}

static int decode_list(const struct tagged_field *field, struct reader piece, struct strv *list)
{
	if (piece.len == 0)
		return -EBADMSG;
	while (piece.len > 0) {
		struct reader element;
		char *text;

		if (list->n == field->maximum || take_piece(&piece, &element) < 0 ||
		    read_text(element, TAGGED_TEXT_MAX, &text) < 0)
			return -EBADMSG;
		strv_take(list, text);
	}
	return 0;
}

static int decode_structure(const struct tagged_field *field, struct reader reader, void *values);

static int count_pieces(struct reader piece, uint64_t max, size_t *ret)
{
	struct reader element;
	size_t count = 0;

	while (piece.len > 0)
		if (count++ == max || take_piece(&piece, &element) < 0)
			return -EBADMSG;
	*ret = count;
	return count > 0 ? 0 : -EBADMSG;
}

static int decode_array(const struct tagged_field *field, struct reader piece, void *values)
{
	size_t count;
	char *items;

	if (count_pieces(piece, field->maximum, &count) < 0)
		return -EBADMSG;
	/* Set before anything in it is read, so that a release finds it. */
	items = mem_zero(count, field->size);
	(void)memcpy(member(field, values), &items, sizeof(items));
	(void)memcpy((char *)values + field->count_offset, &count, sizeof(count));
	for (size_t i = 0; i < count; i++) {
		struct reader element;

		if (take_piece(&piece, &element) < 0 ||
		    decode_structure(field, element, items + i * field->size) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int decode_bytes(const struct tagged_field *field, struct reader piece, struct str *to)
{
	if (piece.len == 0 || piece.len > field->maximum)
		return -EBADMSG;
	str_append_mem(to, piece.data, piece.len);
	return 0;
}

static int decode_content(const struct tagged_field *field, struct reader piece, void *values)
{
	void *to = member(field, values);

	switch (field->kind) {
	case TAGGED_BOOL:
		*(bool *)to = true;
		return piece.len == 0 ? 0 : -EBADMSG;
	case TAGGED_SIGNED:
	case TAGGED_UNSIGNED:
		return decode_number(field, piece, values);
	case TAGGED_TEXT:
		return read_text(piece, field->maximum, to);
	case TAGGED_BYTES:
		return decode_bytes(field, piece, to);
	case TAGGED_LIST:
		return decode_list(field, piece, to);
	case TAGGED_STRUCT:
		return piece.len > 0 ? decode_structure(field, piece, to) : -EBADMSG;
	case TAGGED_ARRAY:
		return decode_array(field, piece, values);
	case TAGGED_FIXED:
		if (piece.len != field->size || is_zero(piece.data, piece.len))
			return -EBADMSG;
		(void)memcpy(to, piece.data, piece.len);
		return 0;
	}
	return -EBADMSG;
}

static int decode_record(const struct tagged_field *fields, struct reader reader, void *values)
{
	const struct tagged_field *field = fields;

	while (reader.len > 0) {
		const unsigned char *p;
		struct reader piece;
		uint16_t tag;

		if (take(&reader, sizeof(tag), &p) < 0 || take_piece(&reader, &piece) < 0)
			return -EBADMSG;
		tag = (uint16_t)get_little(p, sizeof(tag));
		/* Both ascend: a tag that is passed over is unknown, or comes too late. */
		while (field && field->tag && field->tag < tag)
			field++;
		if (!field || tag == 0 || field->tag != tag ||
		    decode_content(field, piece, values) < 0)
			return -EBADMSG;
		field++;
	}
	return 0;
}

/* The row called by the key that comes next, among those from @from on. */
static int take_row(struct reader *reader, const struct fields *table, size_t from, size_t *ret)
{
	const unsigned char *p;
	size_t len;

	if (take(reader, 1, &p) < 0)
		return -EBADMSG;
	len = *p;
	if (take(reader, len, &p) < 0)
		return -EBADMSG;
	for (size_t i = from; i < table->n; i++)
		if (strlen(table->v[i].key) == len && memcmp(table->v[i].key, p, len) == 0) {
			*ret = i;
			return 0;
		}
	return -EBADMSG;
}

static int decode_keyed(const struct fields *table, struct reader reader, void *values)
{
	size_t next = 0, row;

	while (reader.len > 0) {
		struct tagged_field field;
		struct reader piece;

		if (take_row(&reader, table, next, &row) < 0 || take_piece(&reader, &piece) < 0)
			return -EBADMSG;
		field = from_row(&table->v[row]);
		if (decode_content(&field, piece, values) < 0)
			return -EBADMSG;
		next = row + 1;
	}
	return 0;
}

static int decode_structure(const struct tagged_field *field, struct reader reader, void *values)
{
	return field->keyed ? decode_keyed(field->keyed, reader, values)
			    : decode_record(field->fields, reader, values);
}

int tagged_decode(const struct tagged_field *fields, const void *data, size_t len, void *values,
		  size_t size)
{
	struct reader reader = {data, len};

	if (size > 0)
		(void)memset(values, 0, size);
	if (len > TAGGED_MAX || decode_record(fields, reader, values) < 0) {
		tagged_release(fields, values);
		return -EBADMSG;
	}
	return 0;
}

static void release_structure(const struct tagged_field *field, void *values)
{
	if (field->keyed)
		fields_release(field->keyed, values);
	else
		tagged_release(field->fields, values);
}

static void release_array(const struct tagged_field *field, void *values)
{
	char *items = (char *)(uintptr_t)array_items(field, values);
	size_t count = array_count(field, values), none = 0;

	for (size_t i = 0; i < count; i++)
		release_structure(field, items + i * field->size);
	free(items);
	(void)memset(member(field, values), 0, sizeof(void *));
	(void)memcpy((char *)values + field->count_offset, &none, sizeof(none));
}

void tagged_release(const struct tagged_field *fields, void *values)
{
	for (const struct tagged_field *field = fields; field && field->tag; field++) {
		void *at = member(field, values);

		switch (field->kind) {
		case TAGGED_TEXT:
			free(*(char **)at);
			*(char **)at = NULL;
			break;
		case TAGGED_BYTES:
			str_release(at);
			break;
		case TAGGED_LIST:
			strv_release(at);
			break;
		case TAGGED_STRUCT:
			release_structure(field, at);
			break;
		case TAGGED_ARRAY:
			release_array(field, values);
			break;
		case TAGGED_BOOL:
		case TAGGED_SIGNED:
		case TAGGED_UNSIGNED:
		case TAGGED_FIXED:
			break;
		}
	}
}
