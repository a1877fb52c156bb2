#include "api/docker/since.h"

#include "base/time.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define NUMBER_MAX (INT64_C(1) << 40)

/* ".25", up to nine places: billionths. */
static bool read_fraction(const char **text, int64_t *ret)
{
	int64_t value = 0, scale = TIME_SECOND / 10;
	const char *p = *text + 1;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++, scale /= 10)
		value += (*p - '0') * scale;
	*text = p;
	*ret = value;
	return true;
}

/* Digits, and perhaps a fraction: whole part and billionths. */
static bool read_decimal(const char **text, int64_t *ret_whole, int64_t *ret_rest)
{
	int64_t whole = 0, rest = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9'; p++) {
		whole = whole * 10 + (*p - '0');
		if (whole > NUMBER_MAX)
			return false;
	}
	if (p == *text || (*p == '.' && !read_fraction(&p, &rest)))
		return false;
	*text = p;
	*ret_whole = whole;
	*ret_rest = rest;
	return true;
}

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"µs", 1000},
	{"ms", 1000 * 1000},
	{"s", TIME_SECOND},
	{"m", 60 * TIME_SECOND},
	{"h", 3600 * TIME_SECOND},
};

static const struct unit *read_unit(const char **text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);
		char next;

		if (strncmp(*text, units[i].name, len) != 0)
			continue;
		next = (*text)[len];
		if (next && !(next >= '0' && next <= '9'))
			continue;
		*text += len;
		return &units[i];
	}
	return NULL;
}

/* Go's time.ParseDuration, without a sign: "1h30m", "1.5h". */
static bool read_duration(const char *text, int64_t *ret)
{
	int64_t total = 0;

	do {
		int64_t whole, rest, part;
		const struct unit *unit;

		if (!read_decimal(&text, &whole, &rest))
			return false;
		unit = read_unit(&text);
		if (!unit || __builtin_mul_overflow(whole, unit->ns, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return false;
		/* Below one unit: exact enough in double, which has 53 bits. */
		part = (int64_t)((double)rest / (double)TIME_SECOND * (double)unit->ns);
		if (__builtin_add_overflow(total, part, &total))
			return false;
	} while (*text);
	*ret = total;
	return true;
}

static bool read_local(const char *text, int64_t *ret)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *rest = strptime(text, forms[i], &tm);
		int64_t fraction = 0;

		if (!rest)
			continue;
		if (i == 0 && *rest == '.' && !read_fraction(&rest, &fraction))
			return false;
		if (*rest)
			continue;
		*ret = (int64_t)mktime(&tm) * TIME_SECOND + fraction;
		return true;
	}
	return false;
}

int since_parse(const char *text, int64_t now, int64_t *ret)
{
	const char *rest = text;
	int64_t whole, fraction, duration;

	if (time_parse(text, ret) == 0 || read_local(text, ret))
		return 0;
	if (read_decimal(&rest, &whole, &fraction) && !*rest) {
		if (whole > INT64_MAX / TIME_SECOND - 1)
			return -EINVAL;
		*ret = whole * TIME_SECOND + fraction;
		return 0;
	}
	if (!read_duration(text, &duration))
		return -EINVAL;
	*ret = now - duration;
	return 0;
}
