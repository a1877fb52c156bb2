#include "codec/decompress.h"

#include "base/mem.h"
#include "codec/gzip.h"
#include "codec/zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[COMPRESSION_NONE] = "none",
	[COMPRESSION_GZIP] = "gzip",
	[COMPRESSION_ZSTD] = "zstd",
};

struct decompress {
	enum compression compression;
	struct gzip *gzip;
	struct zstd *zstd;
};

enum compression compression_sniff(const void *data, size_t len)
{
	static const unsigned char gzip[] = {0x1f, 0x8b};
	static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

	if (len >= sizeof(gzip) && memcmp(data, gzip, sizeof(gzip)) == 0)
		return COMPRESSION_GZIP;
	if (len >= sizeof(zstd) && memcmp(data, zstd, sizeof(zstd)) == 0)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

const char *compression_name(enum compression compression)
{
	return names[compression];
}

int compression_parse(const char *name, enum compression *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (STREQ(name, names[i])) {
			*ret = (enum compression)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct decompress *decompress_new(enum compression compression)
{
	struct decompress *decompress = mem_new(struct decompress);

	decompress->compression = compression;
	if (compression == COMPRESSION_GZIP)
		decompress->gzip = gzip_new();
	if (compression == COMPRESSION_ZSTD)
		decompress->zstd = zstd_new();
	return decompress;
}

void decompress_free(struct decompress *decompress)
{
	if (!decompress)
		return;
	gzip_free(decompress->gzip);
	zstd_free(decompress->zstd);
	free(decompress);
}

void decompress_freep(struct decompress **decompress)
{
	decompress_free(*decompress);
	*decompress = NULL;
}

int decompress_run(struct decompress *decompress, const void *in, size_t *in_len, void *out,
		   size_t *out_len)
{
	if (decompress->gzip)
		return gzip_run(decompress->gzip, in, in_len, out, out_len);
	if (decompress->zstd)
		return zstd_run(decompress->zstd, in, in_len, out, out_len);
	*in_len = *out_len = MIN(*in_len, *out_len);
	(void)memcpy(out, in, *in_len);
	return 0;
}

bool decompress_complete(const struct decompress *decompress)
{
	if (decompress->gzip)
		return gzip_complete(decompress->gzip);
	if (decompress->zstd)
		return zstd_complete(decompress->zstd);
	return true;
}
