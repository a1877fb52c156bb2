/*
 * A growing byte string. Zero-initialised it is empty and valid; data is NUL-terminated whenever it
 * is not NULL, and the NUL is not counted in len.
 */
#pragma once

#include "base/macro.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data;
	size_t len;
	size_t size;
};

#define auto_str CLEANUP(str_release) struct str

void str_append(struct str *str, const char *s);
void str_append_mem(struct str *str, const void *data, size_t len);
void str_append_char(struct str *str, char c);
void str_append_format(struct str *str, const char *fmt, ...) PRINTF(2, 3);
void str_append_vformat(struct str *str, const char *fmt, va_list args) PRINTF(2, 0);
/* Empties it but keeps the memory. */
void str_clear(struct str *str);
/* Hands the text over ("" rather than NULL when empty) and leaves the string empty. */
char *str_take(struct str *str) MUST_CHECK;
/* The text, never NULL; valid until the next change. */
const char *str_text(const struct str *str);
void str_release(struct str *str);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/*
 * How many slips lie between two words, for "did you mean": characters left out, put in, changed,
 * or two neighbours swapped. Strings beyond 64 bytes are infinitely far apart.
 */
size_t str_distance(const char *a, const char *b);
/* The distance up to which another word may have been meant by @s: no more than half of it. */
size_t str_near(const char *s);
