#include "base/time.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY 86400

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return ts.tv_sec * TIME_SECOND + ts.tv_nsec;
}

int64_t time_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t time_monotonic(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

/* Not gmtime_r: that reads /etc/localtime first, for zones that UTC has no use for. Nanoseconds in
 * 64 bits reach from 1677 to 2262, so the loops are short. */
static void format_seconds(int64_t ns, char *buf, long *ret_rest)
{
	int64_t seconds = ns / TIME_SECOND;
	long rest = (long)(ns % TIME_SECOND);
	int64_t days, of_day;
	int year = 1970, month = 0;

	if (rest < 0) {
		rest += TIME_SECOND;
		seconds--;
	}
	days = seconds / DAY;
	of_day = seconds % DAY;
	if (of_day < 0) {
		of_day += DAY;
		days--;
	}
	for (; days < 0; days += 365 + is_leap(year))
		year--;
	for (; days >= 365 + is_leap(year); year++)
		days -= 365 + is_leap(year);
	for (; days >= month_days(year, month); month++)
		days -= month_days(year, month);
	(void)snprintf(buf, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", year, month + 1,
		       (int)days + 1, (int)(of_day / 3600), (int)(of_day / 60 % 60),
		       (int)(of_day % 60));
	*ret_rest = rest;
}

static char *put(char *buf, size_t size, const char *text)
{
	(void)snprintf(buf, size, "%s", text);
	return buf;
}

char *time_format(int64_t ns, char *buf)
{
	size_t len;
	long rest;

	if (ns == 0)
		return put(buf, TIME_TEXT_SIZE, "0001-01-01T00:00:00Z");
	format_seconds(ns, buf, &rest);
	len = strlen(buf);
	if (rest) {
		(void)snprintf(buf + len, TIME_TEXT_SIZE - len, ".%09ld", rest);
		len = strlen(buf);
		while (buf[len - 1] == '0')
			buf[--len] = '\0';
	}
	(void)put(buf + len, TIME_TEXT_SIZE - len, "Z");
	return buf;
}

char *time_format_fixed(int64_t ns, char *buf)
{
	size_t len;
	long rest;

	format_seconds(ns, buf, &rest);
	len = strlen(buf);
	(void)snprintf(buf + len, TIME_TEXT_SIZE - len, ".%09ldZ", rest);
	return buf;
}

static int parse_fraction(const char **s, int64_t *ret)
{
	int64_t scale = TIME_SECOND / 10, value = 0;

	if (**s != '.') {
		*ret = 0;
		return 0;
	}
	(*s)++;
	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		value += (**s - '0') * scale;
		scale /= 10;
	}
	*ret = value;
	return 0;
}

static int parse_zone(const char *s, int64_t *ret)
{
	int hours, minutes;

	if (STREQ(s, "Z")) {
		*ret = 0;
		return 0;
	}
	if ((*s != '+' && *s != '-') || strlen(s) != sizeof("+00:00") - 1 || s[3] != ':' ||
	    strspn(s + 1, "0123456789") != 2 || strspn(s + 4, "0123456789") != 2)
		return -EINVAL;
	hours = (s[1] - '0') * 10 + s[2] - '0';
	minutes = (s[4] - '0') * 10 + s[5] - '0';
	*ret = (hours * 3600 + minutes * 60) * (*s == '-' ? -TIME_SECOND : TIME_SECOND);
	return 0;
}

int time_parse(const char *s, int64_t *ret)
{
	struct tm tm = {0};
	int64_t fraction, zone;
	const char *rest;
	int r;

	rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return -EINVAL;
	r = parse_fraction(&rest, &fraction);
	if (r < 0)
		return r;
	r = parse_zone(rest, &zone);
	if (r < 0)
		return r;
	if (tm.tm_year + 1900 == 1) {
		*ret = 0;
		return 0;
	}
	if (tm.tm_year + 1900 < 1678 || tm.tm_year + 1900 > 2261)
		return -EINVAL;
	*ret = (int64_t)timegm(&tm) * TIME_SECOND + fraction - zone;
	return 0;
}

char *time_human(int64_t duration_ns, char *buf)
{
	int64_t seconds = duration_ns / TIME_SECOND;
	int64_t minutes = seconds / 60;
	/* Go rounds hours half up, and derives days and longer from the rounded hours. */
	int64_t hours = (duration_ns + 1800 * TIME_SECOND) / (3600 * TIME_SECOND);

	if (seconds < 1)
		return put(buf, TIME_HUMAN_SIZE, "Less than a second");
	if (seconds == 1)
		return put(buf, TIME_HUMAN_SIZE, "1 second");
	if (seconds < 60)
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d seconds", (int)seconds);
	else if (minutes == 1)
		return put(buf, TIME_HUMAN_SIZE, "About a minute");
	else if (minutes < 60)
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d minutes", (int)minutes);
	else if (hours == 1)
		return put(buf, TIME_HUMAN_SIZE, "About an hour");
	else if (hours < 48)
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d hours", (int)hours);
	else if (hours < 24 * 7 * 2)
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d days", (int)(hours / 24));
	else if (hours < 24 * 30 * 2)
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d weeks", (int)(hours / 24 / 7));
	else if (hours < 24 * 365 * 2)
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d months", (int)(hours / 24 / 30));
	else
		(void)snprintf(buf, TIME_HUMAN_SIZE, "%d years", (int)(hours / 24 / 365));
	return buf;
}

char *size_human(uint64_t bytes, int digits, char *buf)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double size = (double)bytes;
	size_t i = 0;

	while (size >= 1000.0 && i + 1 < ARRAY_SIZE(units)) {
		size /= 1000.0;
		i++;
	}
	(void)snprintf(buf, TIME_HUMAN_SIZE, "%.*g%s", digits, size, units[i]);
	return buf;
}
