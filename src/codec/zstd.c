#include "codec/zstd.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct zstd {
	ZSTD_DStream *stream;
	bool complete;
};

struct zstd *zstd_new(void)
{
	struct zstd *zstd = mem_new(struct zstd);

	zstd->stream = ZSTD_createDStream();
	if (!zstd->stream || ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax,
								 ZSTD_WINDOW_LOG)))
		abort();
	return zstd;
}

void zstd_free(struct zstd *zstd)
{
	if (zstd)
		(void)ZSTD_freeDStream(zstd->stream);
	free(zstd);
}

int zstd_run(struct zstd *zstd, const void *in, size_t *in_len, void *out, size_t *out_len)
{
	ZSTD_inBuffer input = {.src = in, .size = *in_len};
	ZSTD_outBuffer output = {.dst = out, .size = *out_len};
	size_t r;

	r = ZSTD_decompressStream(zstd->stream, &output, &input);
	if (ZSTD_isError(r))
		return ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge ? -E2BIG
											: -EBADMSG;
	/* Asked for more with nothing at hand, it says so without having made progress: the frame
	 * that ended before stays ended. */
	if (input.pos > 0 || output.pos > 0)
		zstd->complete = r == 0;
	*in_len = input.pos;
	*out_len = output.pos;
	return 0;
}

bool zstd_complete(const struct zstd *zstd)
{
	return zstd->complete;
}
