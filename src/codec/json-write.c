#include "codec/json-write.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct str *out, unsigned indent)
{
	*w = (struct json_writer) {.out = out, .indent = indent};
	w->first[0] = true;
}

static void new_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	str_append_char(w->out, '\n');
	for (unsigned i = 0; i < w->depth * w->indent; i++)
		str_append_char(w->out, ' ');
}

static void begin_value(struct json_writer *w, const char *key)
{
	assert(w->depth > 0 || (!key && w->first[0]));
	assert(w->depth == 0 || (key != NULL) == (w->closers[w->depth] == '}'));
	if (!w->first[w->depth])
		str_append_char(w->out, ',');
	w->first[w->depth] = false;
	if (w->depth > 0)
		new_line(w);
	if (key) {
		json_quote(w->out, key, strlen(key));
		str_append(w->out, w->indent ? ": " : ":");
	}
}

static void begin_nested(struct json_writer *w, const char *key, char opener, char closer)
{
	begin_value(w, key);
	str_append_char(w->out, opener);
	w->depth++;
	assert(w->depth < JSON_WRITE_DEPTH);
	w->first[w->depth] = true;
	w->closers[w->depth] = closer;
}

void json_object_begin(struct json_writer *w, const char *key)
{
	begin_nested(w, key, '{', '}');
}

void json_array_begin(struct json_writer *w, const char *key)
{
	begin_nested(w, key, '[', ']');
}

void json_end(struct json_writer *w)
{
	bool empty = w->first[w->depth];
	char closer = w->closers[w->depth];

	assert(w->depth > 0);
	w->depth--;
	if (!empty)
		new_line(w);
	str_append_char(w->out, closer);
}

void json_write_string(struct json_writer *w, const char *key, const char *value)
{
	begin_value(w, key);
	if (value)
		json_quote(w->out, value, strlen(value));
	else
		str_append(w->out, "null");
}

void json_write_bool(struct json_writer *w, const char *key, bool value)
{
	json_write_raw(w, key, value ? "true" : "false");
}

void json_write_i64(struct json_writer *w, const char *key, int64_t value)
{
	begin_value(w, key);
	str_append_format(w->out, "%" PRId64, value);
}

void json_write_u64(struct json_writer *w, const char *key, uint64_t value)
{
	begin_value(w, key);
	str_append_format(w->out, "%" PRIu64, value);
}

void json_write_null(struct json_writer *w, const char *key)
{
	json_write_raw(w, key, "null");
}

void json_write_raw(struct json_writer *w, const char *key, const char *text)
{
	begin_value(w, key);
	str_append(w->out, text);
}

void json_write_strings(struct json_writer *w, const char *key, char *const *v)
{
	json_array_begin(w, key);
	for (; *v; v++)
		json_write_string(w, NULL, *v);
	json_end(w);
}

/* Length of the well-formed UTF-8 sequence at @s (RFC 3629), 0 if there is none. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char first, last, second_min, second_max, length;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (len < rows[i].length)
			return 0;
		if (rows[i].length > 1 && (s[1] < rows[i].second_min || s[1] > rows[i].second_max))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

static void quote_ascii(struct str *out, unsigned char c)
{
	switch (c) {
	case '"':
		str_append(out, "\\\"");
		break;
	case '\\':
		str_append(out, "\\\\");
		break;
	case '\n':
		str_append(out, "\\n");
		break;
	case '\r':
		str_append(out, "\\r");
		break;
	case '\t':
		str_append(out, "\\t");
		break;
	default:
		if (c < 0x20)
			str_append_format(out, "\\u%04x", c);
		else
			str_append_char(out, (char)c);
	}
}

/* How many bytes at @p stand for themselves. Logs are made of such, so they are copied in runs. */
static size_t plain_length(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *q = p;

	while (q < end && *q >= 0x20 && *q < 0x80 && *q != '"' && *q != '\\')
		q++;
	return (size_t)(q - p);
}

void json_quote(struct str *out, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	const unsigned char *end = p + len;

	str_append_char(out, '"');
	while (p < end) {
		size_t n = plain_length(p, end);

		if (n > 0) {
			str_append_mem(out, p, n);
			p += n;
			continue;
		}
		n = utf8_length(p, (size_t)(end - p));
		if (n == 0) {
			str_append(out, "\\ufffd");
			p++;
		} else if (n == 1) {
			quote_ascii(out, *p++);
		} else {
			str_append_mem(out, p, n);
			p += n;
		}
	}
	str_append_char(out, '"');
}
