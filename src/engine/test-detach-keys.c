#include "engine/detach-keys.h"

#include "base/test.h"

#include <string.h>

static struct detach_keys parsed(const char *text)
{
	struct detach_keys detach;

	assert_int_equal(detach_keys_parse(text, &detach, NULL), 0);
	return detach;
}

/* Types @typed in pieces of @step bytes. What is passed on must be @passed. */
static bool type(const char *keys, const char *typed, size_t step, const char *passed)
{
	struct detach_keys detach = parsed(keys);
	unsigned char all[256], out[256];
	size_t len = strlen(typed), total = 0, n;
	bool found = false;

	for (size_t i = 0; i < len && !found; i += step) {
		found = detach_keys_filter(&detach, (const unsigned char *)typed + i,
					   MIN(step, len - i), out, &n);
		memcpy(all + total, out, n);
		total += n;
	}
	assert_int_equal(total, strlen(passed));
	assert_memory_equal(all, passed, total);
	return found;
}

TEST(keys_are_what_docker_calls_them)
{
	struct detach_keys detach = parsed(NULL);

	assert_int_equal(detach.count, 2);
	assert_memory_equal(detach.keys, "\020\021", 2);
	detach = parsed("a,ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,ctrl-z,Z");
	assert_int_equal(detach.count, 9);
	assert_memory_equal(detach.keys, "a\0\033\034\035\036\037\032Z", 9);
	assert_int_equal(parsed("").count, 0);
}

TEST(what_is_no_key_is_refused)
{
	static const char *const bad[] = {"ctrl-",
					  "ctrl-A",
					  "ctrl-1",
					  "ab",
					  ",",
					  "a,",
					  ",a",
					  "a,,b",
					  "\xc3\xa9",
					  "ctrl-ab",
					  "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"};
	struct detach_keys detach;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(detach_keys_parse(bad[i], &detach, NULL) < 0);
}

TEST(the_sequence_detaches_however_it_comes_in)
{
	for (size_t step = 1; step < 8; step++) {
		assert_true(type(NULL, "ab\020\021cd", step, "ab"));
		assert_true(type("x", "abxcd", step, "ab"));
		assert_true(type(NULL, "\020\020\021", step, "\020"));
		assert_true(type("a,a,b", "aaaab", step, "aa"));
		assert_true(type("a,b,a,c", "ababac", step, "ab"));
	}
}

TEST(nothing_else_is_lost_or_changed)
{
	for (size_t step = 1; step < 8; step++) {
		assert_false(type(NULL, "\020x\021\020y", step, "\020x\021\020y"));
		assert_false(type("a,b,a,c", "ababx", step, "ababx"));
		assert_false(type("", "\020\021", step, "\020\021"));
		assert_false(type(NULL, "a\020", step, "a"));
	}
}
