#include "codec/digest.h"

#include "base/test.h"

#include <string.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TEST(only_sha256_and_64_small_digits_is_a_digest)
{
	assert_true(digest_valid("sha256:" HEX));
	assert_false(digest_valid(NULL));
	assert_false(digest_valid(""));
	assert_false(digest_valid(HEX));
	assert_false(digest_valid("sha256:" HEX "0"));
	assert_false(digest_valid("sha256:"));
	assert_false(digest_valid("SHA256:" HEX));
	assert_false(digest_valid("sha512:" HEX));
	assert_false(digest_valid(
		"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	assert_false(digest_valid(
		"sha256:../../../../../../../../../../../../../../../../../../../../etc/"));
}

TEST(a_digest_is_written_as_it_is_read)
{
	unsigned char bytes[DIGEST_BYTES];
	char text[DIGEST_TEXT_SIZE];

	for (unsigned i = 0; i < DIGEST_BYTES; i++)
		bytes[i] = (unsigned char)(i * 8 + 7);
	digest_format(bytes, text);
	assert_true(digest_valid(text));
	assert_int_equal(strncmp(digest_hex(text), "070f171f", 8), 0);
}
