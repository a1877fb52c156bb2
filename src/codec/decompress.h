/*
 * One way in for every compression a layer may have: gzip, zstd, or none.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
};

struct decompress;

/* By the first bytes; fewer than COMPRESSION_MAGIC of them only where the stream is that short. */
#define COMPRESSION_MAGIC 4
enum compression compression_sniff(const void *data, size_t len);
/* "gzip", "zstd", "none", and back: -EINVAL for anything else. */
const char *compression_name(enum compression compression);
int compression_parse(const char *name, enum compression *ret) MUST_CHECK;

struct decompress *decompress_new(enum compression compression) MUST_CHECK;
void decompress_free(struct decompress *decompress);
void decompress_freep(struct decompress **decompress);
#define auto_decompress CLEANUP(decompress_freep) struct decompress

/* As gzip_run, for any of them. */
int decompress_run(struct decompress *decompress, const void *in, size_t *in_len, void *out,
		   size_t *out_len) MUST_CHECK;
/* False where the input must not end: a truncated stream. */
bool decompress_complete(const struct decompress *decompress);
