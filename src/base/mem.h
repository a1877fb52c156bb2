/*
 * Memory that is there or ends the process.
 *
 * Small objects only: a size that comes from outside is bounded by the caller first. When memory
 * runs out the process says so in one sentence and exits with status 125: an operation that ends so
 * is undone like one that was killed (docs/design/0001-shape.md).
 */
#pragma once

#include "base/macro.h"

#include <stdarg.h>
#include <stddef.h>

#define auto_free CLEANUP(mem_freep)

void *mem_alloc(size_t size) MUST_CHECK;
void *mem_zero(size_t count, size_t size) MUST_CHECK;
void *mem_resize(void *p, size_t size) MUST_CHECK;
void *mem_copy(const void *p, size_t size) MUST_CHECK;
/* NULL in, NULL out. */
char *mem_strdup(const char *s) MUST_CHECK;
char *mem_strndup(const char *s, size_t len) MUST_CHECK;
char *mem_printf(const char *fmt, ...) PRINTF(1, 2) MUST_CHECK;
char *mem_vprintf(const char *fmt, va_list args) PRINTF(1, 0) MUST_CHECK;

/* The cleanup behind auto_free; @p is the address of a pointer of any type. */
void mem_freep(void *p);

#define mem_new(type) ((type *)mem_zero(1, sizeof(type)))
