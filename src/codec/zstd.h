/*
 * Decompression of zstd streams (RFC 8878) of any number of frames, checksums verified, windows of
 * at most ZSTD_WINDOW_MAX bytes. zstd.c is the only file that knows libzstd.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

#define ZSTD_WINDOW_LOG 27 /* what zstd itself accepts by default */
#define ZSTD_WINDOW_MAX (1u << ZSTD_WINDOW_LOG)

struct zstd;

struct zstd *zstd_new(void) MUST_CHECK;
void zstd_free(struct zstd *zstd);

/* As gzip_run; also -E2BIG: the window is larger than we allow. */
int zstd_run(struct zstd *zstd, const void *in, size_t *in_len, void *out,
	     size_t *out_len) MUST_CHECK;
bool zstd_complete(const struct zstd *zstd);
