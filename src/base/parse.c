#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static int parse_digits(const char *s, unsigned base, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned)(*s - '0');
		else if (isxdigit((unsigned char)*s))
			digit = (unsigned)(tolower((unsigned char)*s) - 'a') + 10;
		else
			return -EINVAL;
		if (digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int parse_u64(const char *s, uint64_t *ret)
{
	return parse_digits(s, 10, ret);
}

int parse_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t value;
	int r;

	r = parse_digits(s + negative, 10, &value);
	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t value;
	int r;

	r = parse_u64(s, &value);
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

int parse_mode(const char *s, uint32_t *ret)
{
	unsigned base = 10;
	uint64_t value;
	int r;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && (s[1] == 'o' || s[1] == 'O')) {
		base = 8;
		s += 2;
	} else if (s[0] == '0' && s[1]) {
		base = 8;
		s += 1;
	}
	r = parse_digits(s, base, &value);
	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

/* Reads "12.345" at *@s as an integer scaled by 10^@places and moves *@s behind it; more places
 * than that are cut off. */
static int parse_decimal(const char **s, unsigned places, uint64_t *ret)
{
	uint64_t value = 0;
	bool point = false, any = false;
	unsigned left = places;
	const char *p = *s;

	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		any = true;
		if (point && left == 0)
			continue;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
		if (point)
			left--;
	}
	if (!any)
		return -EINVAL;
	for (; left > 0; left--)
		if (__builtin_mul_overflow(value, 10, &value))
			return -ERANGE;
	*s = p;
	*ret = value;
	return 0;
}

int parse_bytes(const char *s, uint64_t *ret)
{
	static const char units[] = "kmgtp";
	unsigned __int128 bytes;
	uint64_t thousandths;
	unsigned shift = 0;
	int r;

	r = parse_decimal(&s, 3, &thousandths);
	if (r < 0)
		return r;
	if (*s == ' ')
		s++;
	if (*s && strcasecmp(s, "b") != 0) {
		const char *unit = strchr(units, tolower((unsigned char)*s));

		if (!unit)
			return -EINVAL;
		if (s[1] && strcasecmp(s + 1, "b") != 0 && strcasecmp(s + 1, "ib") != 0)
			return -EINVAL;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	bytes = (((unsigned __int128)thousandths) << shift) / 1000;
	if (bytes > INT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)bytes;
	return 0;
}

int parse_nano_cpus(const char *s, int64_t *ret)
{
	uint64_t value;
	int r;

	r = parse_decimal(&s, 9, &value);
	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (value > INT64_MAX)
		return -ERANGE;
	*ret = (int64_t)value;
	return 0;
}

int parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (STREQ(s, yes[i])) {
			*ret = true;
			return 0;
		}
		if (STREQ(s, no[i])) {
			*ret = false;
			return 0;
		}
	}
	return -EINVAL;
}

int parse_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool parse_is_hex(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}
