#include "base/strv.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void strv_take(struct strv *strv, char *s)
{
	if (strv->n + 2 > strv->size) {
		strv->size = strv->size ? strv->size * 2 : 8;
		strv->v = mem_resize(strv->v, strv->size * sizeof(*strv->v));
	}
	strv->v[strv->n++] = s;
	strv->v[strv->n] = NULL;
}

void strv_add(struct strv *strv, const char *s)
{
	strv_take(strv, mem_strdup(s));
}

void strv_add_format(struct strv *strv, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strv_take(strv, mem_vprintf(fmt, args));
	va_end(args);
}

void strv_copy(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(to, from->v[i]);
}

bool strv_contains(const struct strv *strv, const char *s)
{
	for (size_t i = 0; i < strv->n; i++)
		if (STREQ(strv->v[i], s))
			return true;
	return false;
}

char *const *strv_argv(const struct strv *strv)
{
	static char *const empty[] = {NULL};

	return strv->v ? strv->v : empty;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *strv)
{
	if (strv->n > 1)
		qsort(strv->v, strv->n, sizeof(*strv->v), compare);
}

void strv_release(struct strv *strv)
{
	for (size_t i = 0; i < strv->n; i++)
		free(strv->v[i]);
	free(strv->v);
	*strv = (struct strv) {0};
}
