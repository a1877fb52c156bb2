#include "codec/log-line.h"

#include "base/mem.h"
#include "base/test.h"

#include <errno.h>
#include <string.h>

TEST(a_line_of_docker_is_read)
{
	char text[] = "{\"log\":\"hi \\u003c\\\"\\\\\\n\",\"stream\":\"stderr\","
		      "\"time\":\"2026-11-22T10:11:12.000000001Z\"}";
	struct log_line line;

	assert_int_equal(log_line_parse(text, strlen(text), &line), 0);
	assert_int_equal(line.len, 7);
	assert_memory_equal(line.text, "hi <\"\\\n", 7);
	assert_int_equal(line.stream, LOG_STDERR);
	assert_true(line.time == INT64_C(1795342272000000001));
}

TEST(any_bytes_come_back)
{
	char text[] = "{\"log\":\"a\\u0000b\\ud83d\\ude00\\ud83dx\\u00e9\xff\"}";
	struct log_line line;

	assert_int_equal(log_line_parse(text, strlen(text), &line), 0);
	assert_int_equal(line.len, 14);
	assert_memory_equal(line.text, "a\0b\xf0\x9f\x98\x80\xef\xbf\xbdx\xc3\xa9\xff", 14);
}

TEST(other_members_are_skipped)
{
	char text[] =
		"{ \"attrs\" : {\"a\":[1,{\"b\":\"}\"}],\"c\":null}, \"log\":\"x\", \"n\":-1.5e3 }";
	struct log_line line;

	assert_int_equal(log_line_parse(text, strlen(text), &line), 0);
	assert_int_equal(line.len, 1);
}

TEST(what_is_no_line_is_refused)
{
	static const char *const bad[] = {
		"",
		"{",
		"{}",
		"[]",
		"{\"log\":\"x\"",
		"{\"log\":\"x\"}}",
		"{\"log\":\"x\"} {",
		"{\"log\":\"x}",
		"{\"log\":1}",
		"{\"log\":\"\\q\"}",
		"{\"log\":\"\\u12\"}",
		"{\"log\":\"x\",}",
		"{\"log\":\"x\",\"stream\":\"in\"}",
		"{\"log\":\"x\",\"time\":\"now\"}",
		"{\"stream\":\"stdout\"}",
		"{\"log\":\"a\tb\"}",
		"{\"x\":[[[[[[[[[[]]]]]]]]]],\"log\":\"\"}",
		"{\"lo{\"log\":\"x\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_free char *text = mem_strdup(bad[i]);
		struct log_line line;

		if (log_line_parse(text, strlen(text), &line) != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
	}
}
