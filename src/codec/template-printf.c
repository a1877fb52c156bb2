/*
 * printf as Go has it, for what JSON has: %v %s %q %d %x %X %t %%, with flags, width and precision.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "codec/template-value.h"

#include <errno.h>
#include <string.h>

#define WIDTH_MAX 4096

struct directive {
	bool minus, plus, zero, hash;
	size_t width;
	size_t precision; /* SIZE_MAX: none */
	char verb;	  /* '\0': the format ended */
};

static const char *read_size(const char *p, size_t *ret)
{
	size_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		value = MIN(value * 10 + (size_t)(*p - '0'), (size_t)WIDTH_MAX);
	*ret = value;
	return p;
}

/* Reads the directive behind a %; returns what follows it. */
static const char *read_directive(const char *p, struct directive *ret)
{
	*ret = (struct directive) {.precision = SIZE_MAX};
	for (;; p++) {
		if (*p == '-')
			ret->minus = true;
		else if (*p == '+')
			ret->plus = true;
		else if (*p == '0')
			ret->zero = true;
		else if (*p == '#')
			ret->hash = true;
		else if (*p != ' ')
			break;
	}
	p = read_size(p, &ret->width);
	if (*p == '.')
		p = read_size(p + 1, &ret->precision);
	ret->verb = *p;
	return *p ? p + 1 : p;
}

static size_t count_runes(const char *s)
{
	size_t count = 0;

	for (; *s; s++)
		count += ((unsigned char)*s & 0xc0) != 0x80;
	return count;
}

static void append_padded(struct str *out, const struct directive *directive, const char *text)
{
	size_t len = count_runes(text);
	size_t missing = directive->width > len ? directive->width - len : 0;

	if (directive->minus) {
		str_append(out, text);
		str_append_format(out, "%*s", (int)missing, "");
		return;
	}
	/* Zeros stand between the sign and the digits. */
	if (directive->zero && missing > 0 && (*text == '-' || *text == '+'))
		str_append_char(out, *text++);
	for (; missing > 0; missing--)
		str_append_char(out, directive->zero ? '0' : ' ');
	str_append(out, text);
}

/* The first @runes of @text. */
static char *truncate_runes(const char *text, size_t runes)
{
	const char *p = text;

	for (; *p; p++) {
		if (((unsigned char)*p & 0xc0) != 0x80 && runes-- == 0)
			break;
	}
	return mem_strndup(text, (size_t)(p - text));
}

static void append_hex(struct str *out, const char *s, bool upper)
{
	for (; *s; s++)
		str_append_format(out, upper ? "%02X" : "%02x", (unsigned)(unsigned char)*s);
}

static void append_number(struct str *out, const struct directive *directive, int64_t number)
{
	uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;

	if (number < 0 || directive->plus)
		str_append_char(out, number < 0 ? '-' : '+');
	if (directive->verb == 'x' || directive->verb == 'X') {
		if (directive->hash)
			str_append(out, directive->verb == 'x' ? "0x" : "0X");
		str_append_format(out, directive->verb == 'x' ? "%llx" : "%llX",
				  (unsigned long long)magnitude);
	} else {
		str_append_format(out, "%llu", (unsigned long long)magnitude);
	}
}

/* What @directive makes of @value, before padding. False: the verb does not fit the value. */
static bool format_value(const struct execution *execution, const struct directive *directive,
			 const struct value *value, struct str *out)
{
	char verb = directive->verb;

	if (verb == 'v' && value->kind == VALUE_NUMBER) {
		append_number(out, directive, value->number);
		return true;
	}
	if (verb == 'v' && value->kind == VALUE_NONE && value->type == TEMPLATE_STRUCT) {
		str_append(out, "<nil>");
		return true;
	}
	if (verb == 'v' || (verb == 't' && value->kind == VALUE_BOOL) ||
	    (verb == 's' && (value->kind == VALUE_STRING || value->kind == VALUE_JSON))) {
		value_print(value, execution->data->types, out);
		return true;
	}
	if (value->kind == VALUE_NUMBER && (verb == 'd' || verb == 'x' || verb == 'X')) {
		append_number(out, directive, value->number);
		return true;
	}
	if (value->kind != VALUE_STRING)
		return false;
	if (verb == 'q')
		json_quote(out, value->string, strlen(value->string));
	else if (verb == 'x' || verb == 'X')
		append_hex(out, value->string, verb == 'X');
	else
		return false;
	return true;
}

static void append_mismatch(const struct execution *execution, char verb, const struct value *value,
			    struct str *out)
{
	if (value->kind == VALUE_NONE) {
		str_append_format(out, "%%!%c(<nil>)", verb);
		return;
	}
	str_append_format(out, "%%!%c(%s=", verb, value_type_name(value));
	value_print(value, execution->data->types, out);
	str_append_char(out, ')');
}

static void append_directive(const struct execution *execution, const struct directive *directive,
			     const struct value *value, struct str *out)
{
	auto_str text = {0};
	auto_free char *cut = NULL;

	if (!format_value(execution, directive, value, &text)) {
		append_mismatch(execution, directive->verb, value, out);
		return;
	}
	if (value->kind == VALUE_STRING && directive->precision != SIZE_MAX)
		cut = truncate_runes(str_text(&text), directive->precision);
	append_padded(out, directive, cut ? cut : str_text(&text));
}

int template_printf(struct execution *execution, const struct value *arguments, size_t count,
		    struct value *ret)
{
	const char *p = arguments[0].string, *kept;
	struct directive directive;
	auto_str out = {0};
	size_t used = 1;
	int r;

	if (arguments[0].kind != VALUE_STRING)
		return execution_fail(execution, "wrong type for value; expected string; got %s",
				      value_type_name(&arguments[0]));
	while (*p) {
		if (*p != '%') {
			str_append_char(&out, *p++);
			continue;
		}
		p = read_directive(p + 1, &directive);
		if (directive.verb == '%')
			str_append_char(&out, '%');
		else if (!directive.verb)
			str_append(&out, "%!(NOVERB)");
		else if (used == count)
			str_append_format(&out, "%%!%c(MISSING)", directive.verb);
		else
			append_directive(execution, &directive, &arguments[used++], &out);
	}
	if (used < count) {
		str_append(&out, "%!(EXTRA ");
		for (size_t i = used; i < count; i++) {
			str_append_format(&out, "%s%s=", i > used ? ", " : "",
					  value_type_name(&arguments[i]));
			value_print(&arguments[i], execution->data->types, &out);
		}
		str_append_char(&out, ')');
	}
	r = execution_keep(execution, str_text(&out), out.len, &kept);
	if (r == 0)
		*ret = value_string(kept);
	return r;
}
