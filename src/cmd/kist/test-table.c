#include "cmd/kist/table.h"

#include "base/mem.h"
#include "base/test.h"

static void check(const char *text, const char *wanted)
{
	auto_str out = {0};

	table_align(text, &out);
	assert_string_equal(str_text(&out), wanted);
}

TEST(columns_are_ten_wide_or_three_apart)
{
	check("ID\tNAME\n1\tx\n", "ID        NAME\n1         x\n");
	check("ID\tNAME\n123456789\tx\n", "ID          NAME\n123456789   x\n");
}

TEST(characters_are_counted_not_bytes)
{
	check("\"caf\xc3\xa9 long\xe2\x80\xa6\"\tx\n\"cafe long.\"\ty\n",
	      "\"caf\xc3\xa9 long\xe2\x80\xa6\"   x\n\"cafe long.\"   y\n");
}

TEST(empty_cells_keep_their_column)
{
	check("A\tB\tC\n1\t\t3\n", "A         B         C\n1                   3\n");
	check("\n", "\n");
	check("", "");
}

TEST(a_line_without_cells_ends_the_block)
{
	check("a long first cell\tx\nno cells\nb\ty\n",
	      "a long first cell   x\nno cells\nb         y\n");
}

TEST(a_line_without_newline_is_a_line)
{
	check("a\tb", "a         b\n");
}

TEST(an_ellipsis_takes_the_last_place)
{
	auto_free char *same = table_ellipsis("12345", 5), *cut = table_ellipsis("123456", 5);

	assert_string_equal(same, "12345");
	assert_string_equal(cut, "1234\xe2\x80\xa6");
}
