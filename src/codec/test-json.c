#include "base/mem.h"
#include "base/test.h"
#include "codec/json-write.h"
#include "codec/json.h"

#include <errno.h>
#include <string.h>

static int parse(const char *text, struct json **ret)
{
	return json_parse(text, strlen(text), ret, NULL);
}

TEST(what_is_not_json_is_refused)
{
	static const char *const bad[] = {"",	      "{",	  "{}x",
					  "{'a':1}",  "[1,]",	  "nul",
					  "\"\xff\"", "// x\n{}", "{\"a\":\"b\\u0000c\"}",
					  "null",     "NaN",	  "[1 2]"};
	struct json *json = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(bad[i], &json) == 0)
			fail_msg("accepted: %s", bad[i]);
	assert_null(json);
}

TEST(deep_nesting_is_refused)
{
	char text[2 * JSON_DEPTH_MAX + 10];
	struct json *json;

	memset(text, '[', sizeof(text));
	assert_int_equal(json_parse(text, sizeof(text), &json, NULL), -E2BIG);
}

TEST(numbers_are_exact_to_64_bits)
{
	auto_json *json = NULL;
	uint64_t u;
	int64_t i;

	assert_int_equal(parse("[18446744073709551615, -9223372036854775808, 1.5, 7]", &json), 0);
	assert_int_equal(json_u64(json_at(json, 0), &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(json_i64(json_at(json, 0), &i), -ERANGE);
	assert_int_equal(json_i64(json_at(json, 1), &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(json_u64(json_at(json, 1), &u), -ERANGE);
	assert_int_equal(json_i64(json_at(json, 2), &i), -ERANGE);
	assert_int_equal(json_i64(json_at(json, 4), &i), -ENOENT);
}

TEST(what_the_writer_wrote_the_reader_reads)
{
	auto_str out = {0};
	auto_json *json = NULL;
	struct json_writer w;

	json_writer_init(&w, &out, 2);
	json_object_begin(&w, NULL);
	json_write_string(&w, "text", "a\"\\\n\x01\xff\xc3\xa9");
	json_write_i64(&w, "n", INT64_MIN);
	json_write_strings(&w, "list", (char *[]) {(char *)"x", (char *)"y", NULL});
	json_object_begin(&w, "empty");
	json_end(&w);
	json_end(&w);
	assert_int_equal(parse(out.data, &json), 0);
	assert_string_equal(json_get_string(json, "text"), "a\"\\\n\x01\xef\xbf\xbd\xc3\xa9");
	assert_true(json_get_i64(json, "n", 0) == INT64_MIN);
	assert_int_equal(json_count(json_get(json, "list")), 2);
	assert_true(json_is(json_get(json, "empty"), JSON_OBJECT));
}

TEST(a_null_member_is_there_and_counted)
{
	auto_json *json = NULL;

	assert_int_equal(parse("{\"a\":null,\"b\":1}", &json), 0);
	assert_true(json_has(json, "a"));
	assert_null(json_get(json, "a"));
	assert_false(json_has(json, "c"));
	assert_int_equal(json_size(json), 2);
	assert_int_equal(json_size(json_get(json, "b")), 0);
}

TEST(runs_of_plain_bytes_and_others_are_quoted_in_their_order)
{
	static const struct {
		const char *text;
		const char *quoted;
	} rows[] = {
		{"", "\"\""},
		{"plain", "\"plain\""},
		{"\"a\"b\\c", "\"\\\"a\\\"b\\\\c\""},
		{"\x1f ~\x7f\x80x", "\"\\u001f ~\x7f\\ufffdx\""},
		{"\xe2\x82\xac\xe2\x82", "\"\xe2\x82\xac\\ufffd\\ufffd\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_str out = {0};

		json_quote(&out, rows[i].text, strlen(rows[i].text));
		assert_string_equal(out.data, rows[i].quoted);
	}
}
