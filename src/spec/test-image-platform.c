#include "base/test.h"

#include "base/mem.h"
#include "spec/image-platform.h"

#include <errno.h>

TEST(a_platform_has_two_or_three_words)
{
	static const char *const good[] = {"linux/amd64", "linux/arm64/v8", "windows/amd64"};
	static const char *const bad[] = {"",	       "linux",	      "linux/",
					  "/amd64",    "linux/a/b/c", "linux/arm64/",
					  "linux//v8", "linux/a b"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct image_platform platform;
		auto_free char *text = NULL;

		assert_int_equal(image_platform_parse(good[i], &platform, NULL), 0);
		text = image_platform_text(&platform);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct image_platform platform;

		if (image_platform_parse(bad[i], &platform, NULL) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	}
}

static unsigned fit(const char *want, const char *have)
{
	struct image_platform a, b;

	assert_int_equal(image_platform_parse(want, &a, NULL), 0);
	assert_int_equal(image_platform_parse(have, &b, NULL), 0);
	return image_platform_fit(&a, &b);
}

TEST(lower_variants_run_and_the_nearest_is_best)
{
	assert_int_equal(fit("linux/amd64", "linux/arm64"), 0);
	assert_int_equal(fit("linux/amd64", "windows/amd64"), 0);
	assert_int_equal(fit("linux/amd64", "linux/amd64/v3"), 0);
	assert_true(fit("linux/amd64/v3", "linux/amd64/v2") > fit("linux/amd64/v3", "linux/amd64"));
	assert_true(fit("linux/arm64", "linux/arm64/v8") > 0);
	assert_true(fit("linux/arm64/v8", "linux/arm64") > 0);
	assert_true(fit("linux/arm/v7", "linux/arm/v6") > fit("linux/arm/v7", "linux/arm/v5"));
	assert_int_equal(fit("linux/arm/v6", "linux/arm/v7"), 0);
	assert_int_equal(fit("linux/arm/v6", "linux/arm/banana"), 0);
}

TEST(this_machine_is_a_platform)
{
	struct image_platform host;

	image_platform_host(&host);
	assert_string_equal(host.os, "linux");
	assert_true(image_platform_fit(&host, &host) > 0);
}
