/*
 * codec/gzip by zlib, where there is no ISA-L. The only file that knows it.
 */
#include "base/mem.h"
#include "codec/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct gzip {
	bool inside; /* of a member */
	bool began;  /* at least one */
	z_stream stream;
};

struct gzip *gzip_new(void)
{
	return mem_new(struct gzip);
}

void gzip_free(struct gzip *gzip)
{
	if (gzip && gzip->began)
		(void)inflateEnd(&gzip->stream);
	free(gzip);
}

int gzip_run(struct gzip *gzip, const void *in, size_t *in_len, void *out, size_t *out_len)
{
	z_stream *stream = &gzip->stream;
	unsigned in_given = (unsigned)MIN(*in_len, (size_t)UINT_MAX);
	unsigned out_given = (unsigned)MIN(*out_len, (size_t)UINT_MAX);
	int r;

	if (!gzip->inside) {
		if (*in_len == 0) {
			*out_len = 0;
			return 0;
		}
		/* 16: a gzip header, and nothing else. */
		r = gzip->began ? inflateReset(stream) : inflateInit2(stream, 16 + MAX_WBITS);
		if (r != Z_OK)
			return -ENOMEM;
		gzip->inside = true;
		gzip->began = true;
	}
	/* The library's field is not const, but it only reads. */
	stream->next_in = (Bytef *)(uintptr_t)in;
	stream->avail_in = in_given;
	stream->next_out = out;
	stream->avail_out = out_given;
	r = inflate(stream, Z_NO_FLUSH);
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return -EBADMSG;
	*in_len = in_given - stream->avail_in;
	*out_len = out_given - stream->avail_out;
	if (r == Z_STREAM_END)
		gzip->inside = false;
	return 0;
}

bool gzip_complete(const struct gzip *gzip)
{
	return gzip->began && !gzip->inside;
}
