#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/test.h"

#include <string.h>

TEST(a_format_longer_than_the_room_is_kept_whole)
{
	auto_str str = {0};

	for (int i = 0; i < 100; i++)
		str_append_format(&str, "%0100d", i);
	assert_int_equal(str.len, 10000);
	assert_int_equal(strlen(str.data), 10000);
}

TEST(taking_an_empty_string_gives_an_empty_text)
{
	auto_str str = {0};
	auto_free char *text = str_take(&str);

	assert_string_equal(text, "");
}

TEST(distances_count_slips_of_the_fingers)
{
	assert_int_equal(str_distance("run", "rnu"), 1);
	assert_int_equal(str_distance("images", "miagse"), 2);
	assert_int_equal(str_distance("ab", "bca"), 3);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
}

TEST(a_list_ends_with_null)
{
	auto_strv strv = {0};

	for (int i = 0; i < 20; i++)
		strv_add_format(&strv, "%02d", 19 - i);
	strv_sort(&strv);
	assert_string_equal(strv.v[0], "00");
	assert_null(strv.v[20]);
	assert_true(strv_contains(&strv, "19"));
}
