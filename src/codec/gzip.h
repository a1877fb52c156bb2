/*
 * Decompression of gzip streams (RFC 1952) of any number of members, checksums verified.
 *
 * gzip-isal.c uses Intel's ISA-L, gzip-zlib.c zlib where that is absent; each is the only file that
 * knows its library.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

struct gzip;

struct gzip *gzip_new(void) MUST_CHECK;
void gzip_free(struct gzip *gzip);

/*
 * Takes from @in, which has *@in_len bytes left, and writes up to *@out_len bytes at @out. On
 * return *@in_len is what was taken and *@out_len what was written. 0, or -EBADMSG: not gzip, or
 * damaged.
 */
int gzip_run(struct gzip *gzip, const void *in, size_t *in_len, void *out,
	     size_t *out_len) MUST_CHECK;

/* True between members: the input may end here. */
bool gzip_complete(const struct gzip *gzip);
