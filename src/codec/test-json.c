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

TEST(a_value_is_found_whatever_is_around_it)
{
	static const struct {
		const char *text;
		const char *again;
	} rows[] = {
		{" [ ] ", "[]"},
		{"\t{\r\n}", "{}"},
		{"[[],{},[{}]]", "[[],{},[{}]]"},
		{"{\"a\" : [1 , -2.5e+3,true,false,null] ,\"b\":\"\"}",
		 "{\"a\":[1,-2.5e+3,true,false,null],\"b\":\"\"}"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\"",
		 "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"\"\\ud83dx\\ude00\\ud83d\\u0041\"", "\"\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
						      "A\""},
		{"-0", "-0"},
		{"true", "true"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json *json = NULL;
		auto_free char *again = NULL;

		if (parse(rows[i].text, &json) < 0)
			fail_msg("refused: %s", rows[i].text);
		again = json_text(json);
		assert_string_equal(again, rows[i].again);
	}
}

TEST(half_a_value_and_what_looks_like_one_are_refused)
{
	static const char *const bad[] = {
		"[",
		"[1",
		"[1,",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"{\"a\":1,",
		"{\"a\" 1}",
		"{a:1}",
		"{1:1}",
		"\"",
		"\"\\",
		"\"\\u12",
		"\"\\ud800\\u",
		"\"\\x\"",
		"\"\n\"",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xe2\x82\"",
		"01",
		"-",
		"1.",
		".5",
		"1e",
		"1e+",
		"+1",
		"0x1",
		"tru",
		"truex",
		"[1]]",
		"[1}",
		"{]",
		"[,1]",
		"{,}",
		"\f[]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_json *json = NULL;
		size_t offset = SIZE_MAX;

		if (json_parse(bad[i], strlen(bad[i]), &json, &offset) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_true(offset <= strlen(bad[i]));
	}
}

TEST(of_members_of_one_name_the_last_counts)
{
	auto_str text = {0};
	auto_json *json = NULL, *many = NULL;

	assert_int_equal(parse("{\"a\":1,\"b\":2,\"a\":3}", &json), 0);
	assert_int_equal(json_size(json), 2);
	assert_true(json_get_i64(json, "a", 0) == 3);
	str_append(&text, "{");
	for (int i = 0; i < 1000; i++)
		str_append_format(&text, "%s\"k%d\":%d", i ? "," : "", i % 300, i);
	str_append(&text, "}");
	assert_int_equal(parse(text.data, &many), 0);
	assert_int_equal(json_size(many), 300);
	assert_true(json_get_i64(many, "k99", 0) == 999);
	assert_true(json_get_i64(many, "k100", 0) == 700);
}

TEST(as_deep_as_is_allowed_is_read)
{
	char text[2 * JSON_DEPTH_MAX];
	auto_json *json = NULL;

	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(json_parse(text, sizeof(text), &json, NULL), 0);
}
