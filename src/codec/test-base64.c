#include "base/test.h"

#include "base/mem.h"
#include "codec/base64.h"

#include <errno.h>
#include <string.h>

TEST(the_vectors_of_rfc_4648_hold_both_ways)
{
	static const struct {
		const char *plain, *text;
	} cases[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text = base64_encode(cases[i].plain, strlen(cases[i].plain));
		auto_free char *plain = NULL;
		size_t len;

		assert_string_equal(text, cases[i].text);
		assert_int_equal(base64_decode(text, &plain, &len), 0);
		assert_string_equal(plain, cases[i].plain);
		assert_int_equal(len, strlen(plain));
	}
}

TEST(bytes_of_every_value_survive)
{
	unsigned char all[256];
	auto_free char *text = NULL, *back = NULL;
	size_t len;

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	text = base64_encode(all, sizeof(all));
	assert_int_equal(base64_decode(text, &back, &len), 0);
	assert_int_equal(len, sizeof(all));
	assert_memory_equal(back, all, len);
}

TEST(other_spellings_are_refused)
{
	static const char *const bad[] = {"Zg",	  "Zg=",    "Zh==",	"Zm9=", "Z===", "====",
					  "Zm 9", "Zm9v\n", "Zg==Zg==", "-_-_", "=Zg="};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *ret;
		size_t len;

		if (base64_decode(bad[i], &ret, &len) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	}
}
