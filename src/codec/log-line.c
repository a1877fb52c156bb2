#include "codec/log-line.h"

#include "base/parse.h"
#include "base/time.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define NESTING_MAX 8

struct scanner {
	char *p;
	char *end;
};

/* A decoded string inside the line. */
struct slice {
	char *data;
	size_t len;
};

static void skip_space(struct scanner *scanner)
{
	while (scanner->p < scanner->end && memchr(" \t\r\n", *scanner->p, 4))
		scanner->p++;
}

static bool take(struct scanner *scanner, char c)
{
	skip_space(scanner);
	if (scanner->p == scanner->end || *scanner->p != c)
		return false;
	scanner->p++;
	return true;
}

/* The four digits behind "\u". */
static int read_unit(struct scanner *scanner, uint32_t *ret)
{
	uint32_t unit = 0;

	if (scanner->end - scanner->p < 4)
		return -EBADMSG;
	for (int i = 0; i < 4; i++) {
		int digit = parse_hex_digit(*scanner->p++);

		if (digit < 0)
			return -EBADMSG;
		unit = unit << 4 | (uint32_t)digit;
	}
	*ret = unit;
	return 0;
}

static char *put_rune(char *out, uint32_t rune)
{
	if (rune < 0x80) {
		*out++ = (char)rune;
		return out;
	}
	if (rune < 0x800) {
		*out++ = (char)(0xc0 | rune >> 6);
	} else if (rune < 0x10000) {
		*out++ = (char)(0xe0 | rune >> 12);
		*out++ = (char)(0x80 | (rune >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xf0 | rune >> 18);
		*out++ = (char)(0x80 | (rune >> 12 & 0x3f));
		*out++ = (char)(0x80 | (rune >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (rune & 0x3f));
	return out;
}

/* Behind "\u". A surrogate without its other half is U+FFFD. At most as long as it was written. */
static int decode_unicode(struct scanner *scanner, char **out)
{
	uint32_t rune, low;
	int r = read_unit(scanner, &rune);

	if (r < 0)
		return r;
	if (rune >= 0xd800 && rune < 0xdc00 && scanner->end - scanner->p >= 6 &&
	    scanner->p[0] == '\\' && scanner->p[1] == 'u') {
		struct scanner ahead = {scanner->p + 2, scanner->end};

		if (read_unit(&ahead, &low) < 0)
			return -EBADMSG;
		if (low >= 0xdc00 && low < 0xe000) {
			rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
			scanner->p = ahead.p;
		}
	}
	if (rune >= 0xd800 && rune < 0xe000)
		rune = 0xfffd;
	*out = put_rune(*out, rune);
	return 0;
}

static int decode_escape(struct scanner *scanner, char **out)
{
	static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (scanner->p == scanner->end)
		return -EBADMSG;
	if (*scanner->p == 'u') {
		scanner->p++;
		return decode_unicode(scanner, out);
	}
	letter = memchr(letters, *scanner->p, sizeof(letters) - 1);
	if (!letter)
		return -EBADMSG;
	scanner->p++;
	*(*out)++ = values[letter - letters];
	return 0;
}

static int read_string(struct scanner *scanner, struct slice *ret)
{
	char *out, *start;

	if (!take(scanner, '"'))
		return -EBADMSG;
	start = out = scanner->p;
	while (scanner->p < scanner->end) {
		char c = *scanner->p++;

		if (c == '"') {
			*ret = (struct slice) {start, (size_t)(out - start)};
			return 0;
		}
		if ((unsigned char)c < 0x20)
			return -EBADMSG;
		if (c != '\\')
			*out++ = c;
		else if (decode_escape(scanner, &out) < 0)
			return -EBADMSG;
	}
	return -EBADMSG;
}

/* A value nobody asked for: brackets are balanced, what is between them is not looked at. */
static int skip_value(struct scanner *scanner)
{
	struct slice ignored;
	int depth = 0;

	do {
		skip_space(scanner);
		if (scanner->p == scanner->end)
			return -EBADMSG;
		switch (*scanner->p) {
		case '"':
			if (read_string(scanner, &ignored) < 0)
				return -EBADMSG;
			break;
		case '{':
		case '[':
			if (++depth > NESTING_MAX)
				return -EBADMSG;
			scanner->p++;
			break;
		case '}':
		case ']':
			if (depth-- == 0)
				return -EBADMSG;
			scanner->p++;
			break;
		default:
			if (depth == 0 && memchr(",:", *scanner->p, 2))
				return -EBADMSG;
			while (scanner->p < scanner->end && !memchr("\",{}[] \t", *scanner->p, 8))
				scanner->p++;
			if (depth > 0 && scanner->p < scanner->end && *scanner->p == ',')
				scanner->p++;
		}
	} while (depth > 0);
	return 0;
}

static bool slice_is(struct slice slice, const char *text)
{
	return slice.len == strlen(text) && memcmp(slice.data, text, slice.len) == 0;
}

static int read_time(struct slice slice, int64_t *ret)
{
	char text[TIME_TEXT_SIZE + 8];

	if (slice.len >= sizeof(text) || memchr(slice.data, '\0', slice.len))
		return -EBADMSG;
	memcpy(text, slice.data, slice.len);
	text[slice.len] = '\0';
	return time_parse(text, ret) < 0 ? -EBADMSG : 0;
}

static int read_member(struct scanner *scanner, struct log_line *line, bool *ret_has_log)
{
	struct slice key, value;

	if (read_string(scanner, &key) < 0 || !take(scanner, ':'))
		return -EBADMSG;
	if (!slice_is(key, "log") && !slice_is(key, "stream") && !slice_is(key, "time"))
		return skip_value(scanner);
	if (read_string(scanner, &value) < 0)
		return -EBADMSG;
	if (slice_is(key, "time"))
		return read_time(value, &line->time);
	if (slice_is(key, "log")) {
		*ret_has_log = true;
		line->text = value.data;
		line->len = value.len;
	} else if (slice_is(value, "stdout")) {
		line->stream = LOG_STDOUT;
	} else if (slice_is(value, "stderr")) {
		line->stream = LOG_STDERR;
	} else {
		return -EBADMSG;
	}
	return 0;
}

int log_line_parse(char *line, size_t len, struct log_line *ret)
{
	struct scanner scanner = {line, line + len};
	struct log_line result = {.stream = LOG_STDOUT};
	bool has_log = false;

	if (!take(&scanner, '{'))
		return -EBADMSG;
	do {
		if (read_member(&scanner, &result, &has_log) < 0)
			return -EBADMSG;
	} while (take(&scanner, ','));
	if (!take(&scanner, '}'))
		return -EBADMSG;
	skip_space(&scanner);
	if (scanner.p != scanner.end || !has_log)
		return -EBADMSG;
	*ret = result;
	return 0;
}
