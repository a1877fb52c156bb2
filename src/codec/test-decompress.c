#include "codec/decompress.h"

#include "base/test.h"

#include <errno.h>
#include <string.h>

/* printf hello | gzip -n9, and | zstd */
static const unsigned char gzip_hello[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
					   0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
					   0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
/* magic, single segment of 5 bytes, one raw block that is the last */
static const unsigned char zstd_hello[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x05, 0x29,
					   0x00, 0x00, 'h',  'e',  'l',	 'l',  'o'};

/* Feeds @step bytes at a time with room for one; 0 and the output, or the error. */
static int run(enum compression kind, const unsigned char *in, size_t len, size_t step, char *out,
	       size_t *ret_len, bool *ret_complete)
{
	auto_decompress *d = decompress_new(kind);
	size_t total = 0;

	for (size_t at = 0; at < len;) {
		size_t given = MIN(step, len - at), used, made;

		do {
			used = given;
			made = 1;
			if (decompress_run(d, in + at, &used, out + total, &made) < 0)
				return -EBADMSG;
			at += used;
			given -= used;
			total += made;
		} while (given > 0 || made > 0);
	}
	*ret_len = total;
	*ret_complete = decompress_complete(d);
	return 0;
}

static void expect(enum compression kind, const unsigned char *in, size_t len, const char *wanted)
{
	for (size_t step = 1; step <= len; step++) {
		char out[64];
		size_t n = 0;
		bool complete = false;

		assert_int_equal(run(kind, in, len, step, out, &n, &complete), 0);
		assert_true(complete);
		assert_int_equal(n, strlen(wanted));
		assert_memory_equal(out, wanted, n);
	}
}

TEST(streams_come_out_whole_however_they_are_cut)
{
	expect(COMPRESSION_GZIP, gzip_hello, sizeof(gzip_hello), "hello");
	expect(COMPRESSION_ZSTD, zstd_hello, sizeof(zstd_hello), "hello");
	expect(COMPRESSION_NONE, (const unsigned char *)"hello", 5, "hello");
}

TEST(members_and_frames_follow_one_another)
{
	unsigned char two[2 * sizeof(gzip_hello)], frames[2 * sizeof(zstd_hello)];

	(void)memcpy(two, gzip_hello, sizeof(gzip_hello));
	(void)memcpy(two + sizeof(gzip_hello), gzip_hello, sizeof(gzip_hello));
	expect(COMPRESSION_GZIP, two, sizeof(two), "hellohello");
	(void)memcpy(frames, zstd_hello, sizeof(zstd_hello));
	(void)memcpy(frames + sizeof(zstd_hello), zstd_hello, sizeof(zstd_hello));
	expect(COMPRESSION_ZSTD, frames, sizeof(frames), "hellohello");
}

TEST(a_stream_that_is_cut_short_is_not_complete)
{
	for (size_t len = 1; len < sizeof(gzip_hello); len++) {
		char out[64];
		bool complete = true;
		size_t n;

		if (run(COMPRESSION_GZIP, gzip_hello, len, len, out, &n, &complete) == 0)
			assert_false(complete);
	}
	for (size_t len = 1; len < sizeof(zstd_hello); len++) {
		char out[64];
		bool complete = true;
		size_t n;

		if (run(COMPRESSION_ZSTD, zstd_hello, len, len, out, &n, &complete) == 0)
			assert_false(complete);
	}
}

TEST(a_wrong_checksum_is_damage)
{
	unsigned char bad[sizeof(gzip_hello)];
	char out[64];
	bool complete;
	size_t n;

	(void)memcpy(bad, gzip_hello, sizeof(bad));
	bad[18] ^= 1;
	assert_int_equal(run(COMPRESSION_GZIP, bad, sizeof(bad), sizeof(bad), out, &n, &complete),
			 -EBADMSG);
}

TEST(compressions_have_names_and_first_bytes)
{
	enum compression kind;

	assert_int_equal(compression_sniff(gzip_hello, 4), COMPRESSION_GZIP);
	assert_int_equal(compression_sniff(zstd_hello, 4), COMPRESSION_ZSTD);
	assert_int_equal(compression_sniff("tar", 3), COMPRESSION_NONE);
	assert_int_equal(compression_sniff("", 0), COMPRESSION_NONE);
	assert_int_equal(compression_parse("zstd", &kind), 0);
	assert_int_equal(kind, COMPRESSION_ZSTD);
	assert_int_equal(compression_parse("lzma", &kind), -EINVAL);
	assert_string_equal(compression_name(COMPRESSION_NONE), "none");
}
