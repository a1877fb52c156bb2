#include "base/str.h"

#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISTANCE_MAX 64
#define NEAR_MAX     2

static void reserve(struct str *str, size_t more)
{
	size_t need = str->len + more + 1;
	size_t size = str->size ? str->size : 64;

	assert(need > more);
	if (need <= str->size)
		return;
	while (size < need)
		size *= 2;
	str->data = mem_resize(str->data, size);
	str->size = size;
}

void str_append_mem(struct str *str, const void *data, size_t len)
{
	reserve(str, len);
	if (len)
		memcpy(str->data + str->len, data, len);
	str->len += len;
	str->data[str->len] = '\0';
}

void str_append(struct str *str, const char *s)
{
	str_append_mem(str, s, strlen(s));
}

void str_append_char(struct str *str, char c)
{
	str_append_mem(str, &c, 1);
}

void str_append_vformat(struct str *str, const char *fmt, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	reserve(str, 0);
	n = vsnprintf(str->data + str->len, str->size - str->len, fmt, args);
	assert(n >= 0);
	if ((size_t)n >= str->size - str->len) {
		reserve(str, (size_t)n);
		(void)vsnprintf(str->data + str->len, str->size - str->len, fmt, again);
	}
	va_end(again);
	str->len += (size_t)n;
}

void str_append_format(struct str *str, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	str_append_vformat(str, fmt, args);
	va_end(args);
}

void str_clear(struct str *str)
{
	str->len = 0;
	if (str->data)
		str->data[0] = '\0';
}

char *str_take(struct str *str)
{
	char *data = str->data ? str->data : mem_strdup("");

	*str = (struct str) {0};
	return data;
}

const char *str_text(const struct str *str)
{
	return str->data ? str->data : "";
}

void str_release(struct str *str)
{
	free(str->data);
	*str = (struct str) {0};
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && memcmp(s + len - tail, suffix, tail) == 0;
}

/* Three rows of the table are enough: the one being filled and the two before it. */
size_t str_distance(const char *a, const char *b)
{
	size_t rows[3][DISTANCE_MAX + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > DISTANCE_MAX || nb > DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		const size_t *second = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t skip = MIN(above[j], row[j - 1]) + 1;
			size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = MIN(skip, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], second[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

size_t str_near(const char *s)
{
	return MIN(strlen(s) / 2, (size_t)NEAR_MAX);
}
