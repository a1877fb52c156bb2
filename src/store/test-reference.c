#include "store/reference.h"

#include "base/mem.h"
#include "base/test.h"

#include <string.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char two_digests[] = "a@sha256:" HEX "@sha256:" HEX;

TEST(short_names_are_completed_and_shown_short_again)
{
	static const struct {
		const char *text, *full, *familiar;
	} names[] = {
		{"busybox", "docker.io/library/busybox:latest", "busybox:latest"},
		{"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"},
		{"a/b", "docker.io/a/b:latest", "a/b:latest"},
		{"library/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
		{"index.docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
		{"localhost/x", "localhost/x:latest", "localhost/x:latest"},
		{"localhost:5000/a/b:tag", "localhost:5000/a/b:tag", "localhost:5000/a/b:tag"},
		{"quay.io/a/b@sha256:" HEX, "quay.io/a/b@sha256:" HEX, "quay.io/a/b@sha256:" HEX},
		{"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"},
		{"a__b/c---d.e", "docker.io/a__b/c---d.e:latest", "a__b/c---d.e:latest"},
		{"Registry/x", "Registry/x:latest", "Registry/x:latest"},
		{"x:TAG_1.-", "docker.io/library/x:TAG_1.-", "x:TAG_1.-"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		auto_free char *full = NULL, *familiar = NULL, *file = NULL;
		auto_reference ref = {0};

		assert_int_equal(reference_parse(names[i].text, &ref, NULL), 0);
		full = reference_full(&ref);
		familiar = reference_familiar(&ref);
		file = reference_escape(&ref);
		assert_string_equal(full, names[i].full);
		assert_string_equal(familiar, names[i].familiar);
		assert_null(strchr(file, '/'));
	}
}

TEST(what_is_no_reference_is_refused_in_dockers_words)
{
	static const char *const names[] = {
		"",	  ":tag",   "a:",     "-a",	     "a-",	"a..b",
		"a___b",  "A",	    "a/B",    "a//b",	     "/a",	"a/",
		"a:b c",  "a:.b",   "a:-b",   "a@sha256:12", "a@md5:",	"a+b",
		"a b",	  "../a",   "a/../b", "a\nb",	     "x.y:p/z", "-x.y/z",
		"x.:1/z", "[::1/x", "a:b:c",  HEX,	     "a@",	two_digests,
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct reference ref = {0};
		auto_error err = {0};

		if (reference_parse(names[i], &ref, &err) == 0)
			fail_msg("accepted: \"%s\"", names[i]);
		assert_null(ref.domain);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_int_equal(strncmp(err.message, "invalid re", 10), 0);
	}
}

TEST(names_that_do_not_fit_are_refused)
{
	char long_name[300];
	struct reference ref = {0};

	(void)memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_true(reference_parse(long_name, &ref, NULL) < 0);
	long_name[200] = '\0';
	long_name[100] = ':';
	assert_int_equal(reference_parse(long_name, &ref, NULL), 0);
	reference_release(&ref);
}
