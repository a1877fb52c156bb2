#include "base/parse.h"
#include "base/test.h"

#include <errno.h>

TEST(numbers_are_the_whole_text_or_nothing)
{
	static const char *const bad[] = {"", "-", " 1", "1 ", "+1", "0x1", "1a"};
	uint64_t value = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_u64(bad[i], &value), -EINVAL);
	assert_int_equal(parse_u64("18446744073709551616", &value), -ERANGE);
	assert_int_equal(value, 7);
	assert_int_equal(parse_u64("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
}

TEST(signed_numbers_reach_both_ends)
{
	int64_t value;

	assert_int_equal(parse_i64("-9223372036854775808", &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(parse_i64("9223372036854775808", &value), -ERANGE);
}

TEST(sizes_are_dockers)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{"0", 0},	 {"512", 512},	       {"512b", 512},	     {"64k", 65536},
		{"64kb", 65536}, {"1.5g", 1610612736}, {"2GiB", 2147483648}, {"10 MB", 10485760}};
	static const char *const bad[] = {"", "m", "-1", "1x", "1kk", "1 2", "."};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(parse_bytes(rows[i].text, &value), 0);
		assert_int_equal(value, rows[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_bytes(bad[i], &value), -EINVAL);
}

TEST(cpus_are_billionths)
{
	int64_t value;

	assert_int_equal(parse_nano_cpus("1.5", &value), 0);
	assert_int_equal(value, 1500000000);
	assert_int_equal(parse_nano_cpus(".25", &value), 0);
	assert_int_equal(value, 250000000);
	assert_int_equal(parse_nano_cpus("-1", &value), -EINVAL);
}

TEST(hexadecimal_digits_are_of_either_case_and_nothing_else)
{
	static const char digits[] = "0123456789abcdef", upper[] = "ABCDEF",
			  others[] = "/:@G`g \xff";

	for (int i = 0; i < 16; i++)
		assert_int_equal(parse_hex_digit(digits[i]), i);
	for (int i = 0; i < 6; i++)
		assert_int_equal(parse_hex_digit(upper[i]), 10 + i);
	for (size_t i = 0; i < sizeof(others); i++)
		assert_int_equal(parse_hex_digit(others[i]), -1);
}
