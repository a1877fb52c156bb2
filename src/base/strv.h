/*
 * A list of owned strings, always followed by NULL once it has storage, so that v can be an argv.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v;
	size_t n;
	size_t size;
};

#define auto_strv CLEANUP(strv_release) struct strv

/* Appends a copy of @s. */
void strv_add(struct strv *strv, const char *s);
void strv_add_format(struct strv *strv, const char *fmt, ...) PRINTF(2, 3);
/* Appends @s itself and owns it from now on. */
void strv_take(struct strv *strv, char *s);
void strv_copy(struct strv *to, const struct strv *from);
bool strv_contains(const struct strv *strv, const char *s);
/* NULL-terminated view, never NULL. */
char *const *strv_argv(const struct strv *strv);
/* Byte order. */
void strv_sort(struct strv *strv);
void strv_release(struct strv *strv);
