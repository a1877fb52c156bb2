#include "engine/fields-pack.h"

#include "base/mem.h"
#include "base/strv.h"

#include <assert.h>
#include <string.h>

#define NO_TEXT UINT32_MAX
#define END	UINT8_MAX /* instead of a member's number */

void pack_bytes(struct str *out, const void *data, size_t len)
{
	str_append_mem(out, data, len);
}

void pack_text(struct str *out, const char *text)
{
	uint32_t len = text ? (uint32_t)strlen(text) : NO_TEXT;

	pack_bytes(out, &len, sizeof(len));
	if (text)
		pack_bytes(out, text, len);
}

void unpack_bytes(struct unpacker *in, void *ret, size_t len)
{
	if (in->left < len) {
		in->bad = true;
		in->left = 0;
		memset(ret, 0, len);
		return;
	}
	memcpy(ret, in->p, len);
	in->p += len;
	in->left -= len;
}

char *unpack_text(struct unpacker *in)
{
	uint32_t len;
	char *text;

	unpack_bytes(in, &len, sizeof(len));
	if (in->bad || len == NO_TEXT)
		return NULL;
	if (len > in->left || memchr(in->p, '\0', len)) {
		in->bad = true;
		return NULL;
	}
	text = mem_strndup(in->p, len);
	in->p += len;
	in->left -= len;
	return text;
}

uint32_t unpack_count(struct unpacker *in, size_t size)
{
	uint32_t count;

	unpack_bytes(in, &count, sizeof(count));
	if (count > in->left / size) {
		in->bad = true;
		return 0;
	}
	return count;
}

static void pack_field(const struct field *field, const void *p, struct str *out)
{
	const struct field_array *array = p;
	const struct strv *list = p;
	uint32_t count;

	switch (field->kind) {
	case FIELD_TEXT:
		pack_text(out, *(char *const *)p);
		break;
	case FIELD_LIST:
		count = (uint32_t)list->n;
		pack_bytes(out, &count, sizeof(count));
		for (size_t i = 0; i < list->n; i++)
			pack_text(out, list->v[i]);
		break;
	case FIELD_FLAG:
		pack_bytes(out, p, sizeof(bool));
		break;
	case FIELD_INT:
	case FIELD_UINT:
		pack_bytes(out, p, sizeof(unsigned));
		break;
	case FIELD_I64:
	case FIELD_U64:
		pack_bytes(out, p, sizeof(uint64_t));
		break;
	case FIELD_TABLE:
		count = (uint32_t)array->n;
		pack_bytes(out, &count, sizeof(count));
		for (size_t i = 0; i < array->n; i++)
			fields_pack(field->elements,
				    (const char *)array->v + i * field->elements->size, out);
		break;
	}
}

static void unpack_list(struct unpacker *in, struct strv *list)
{
	for (uint32_t count = unpack_count(in, sizeof(uint32_t)); count > 0 && !in->bad; count--) {
		auto_free char *text = unpack_text(in);

		if (text)
			strv_add(list, text);
	}
}

static void unpack_field(const struct field *field, struct unpacker *in, void *p)
{
	uint8_t flag;

	switch (field->kind) {
	case FIELD_TEXT:
		*(char **)p = unpack_text(in);
		break;
	case FIELD_LIST:
		unpack_list(in, p);
		break;
	case FIELD_FLAG:
		unpack_bytes(in, &flag, sizeof(flag));
		*(bool *)p = flag != 0;
		break;
	case FIELD_INT:
	case FIELD_UINT:
		unpack_bytes(in, p, sizeof(unsigned));
		break;
	case FIELD_I64:
	case FIELD_U64:
		unpack_bytes(in, p, sizeof(uint64_t));
		break;
	case FIELD_TABLE:
		for (uint32_t count = unpack_count(in, 1); count > 0 && !in->bad; count--)
			fields_unpack(field->elements, in,
				      field_array_add(p, field->elements->size));
		break;
	}
}

static bool is_zero(const struct field *field, const void *p)
{
	switch (field->kind) {
	case FIELD_TEXT:
		return !*(char *const *)p;
	case FIELD_LIST:
		return ((const struct strv *)p)->n == 0;
	case FIELD_FLAG:
		return !*(const bool *)p;
	case FIELD_INT:
	case FIELD_UINT:
		return *(const unsigned *)p == 0;
	case FIELD_I64:
	case FIELD_U64:
		return *(const uint64_t *)p == 0;
	case FIELD_TABLE:
		return ((const struct field_array *)p)->n == 0;
	}
	return false;
}

/* Most members of most structures are zero: only the others are there, each behind its number. */
void fields_pack(const struct fields *fields, const void *base, struct str *out)
{
	assert(fields->n < END);
	for (size_t i = 0; i < fields->n; i++) {
		const void *p = (const char *)base + fields->v[i].offset;

		if (is_zero(&fields->v[i], p))
			continue;
		str_append_char(out, (char)i);
		pack_field(&fields->v[i], p, out);
	}
	str_append_char(out, (char)END);
}

void fields_unpack(const struct fields *fields, struct unpacker *in, void *base)
{
	int last = -1;

	for (;;) {
		uint8_t i;

		unpack_bytes(in, &i, sizeof(i));
		if (in->bad || i == END)
			return;
		if (i <= last || i >= fields->n) {
			in->bad = true;
			return;
		}
		last = i;
		unpack_field(&fields->v[i], in, (char *)base + fields->v[i].offset);
	}
}

uint64_t fields_hash(const struct fields *fields, uint64_t seed)
{
	/* FNV-1a */
	for (size_t i = 0; i < fields->n; i++) {
		for (const char *c = fields->v[i].key; *c; c++)
			seed = (seed ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
		seed = (seed ^ (uint64_t)fields->v[i].kind) * UINT64_C(0x100000001b3);
		if (fields->v[i].elements)
			seed = fields_hash(fields->v[i].elements, seed);
	}
	return seed;
}
