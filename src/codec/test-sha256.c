#include "codec/sha256.h"

#include "base/test.h"

/* FIPS 180-2, appendix B. */
TEST(the_digests_of_the_standard_come_out)
{
	char text[DIGEST_TEXT_SIZE];
	auto_sha256 hash = {0};

	assert_int_equal(sha256_init(&hash), 0);
	sha256_finish(&hash, text);
	assert_string_equal(
		text, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(sha256_init(&hash), 0);
	sha256_update(&hash, "a", 1);
	sha256_update(&hash, "bc", 2);
	sha256_finish(&hash, text);
	assert_string_equal(
		text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
