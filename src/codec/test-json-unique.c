#include "base/test.h"

#include "codec/json-unique.h"

#include <string.h>

static bool unique(const char *text)
{
	auto_json *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json, NULL), 0);
	return json_unique(text, strlen(text), json);
}

TEST(members_named_once_are_unique)
{
	assert_true(unique("{}"));
	assert_true(unique("[1,\":\",\"\\\":\"]"));
	assert_true(unique("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b:\":\"c:\\\\\"}"));
}

TEST(members_named_twice_are_found_at_any_depth_and_spelling)
{
	assert_false(unique("{\"a\":1,\"a\":1}"));
	assert_false(unique("[{\"a\":{\"b\":1,\"b\":2}}]"));
	assert_false(unique("{\"layers\":1,\"lay\\u0065rs\":2}"));
	assert_false(unique("{\"a\":{\"x\":1,\"y\":2},\"a\":null}"));
}
