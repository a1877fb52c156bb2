#include "cmd/kist/format.h"

#include "base/mem.h"
#include "base/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct listing listing = {
	.headings = "{\"ID\":\"CONTAINER ID\",\"Names\":\"NAMES\"}",
	.table = "{{.ID}}\t{{.Names}}",
};

static const char rows_text[] = "[{\"Row\":{\"ID\":\"1\",\"Names\":\"web\"},\"Methods\":{\"Label\":"
				"{\"a\":\"b\"}}},{\"Row\":{\"ID\":\"2\",\"Names\":\"db\"}}]";

/* What is written, or the error behind a "!". Owned by the caller. */
static char *show(const char *format, const char *text)
{
	char *buffer = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&buffer, &size);
	auto_error err = {0};
	auto_json *rows = NULL;

	assert_int_equal(json_parse(text, strlen(text), &rows, NULL), 0);
	if (listing_write(&listing, format, rows, out, &err) < 0)
		(void)fprintf(out, "!%s", err.message);
	assert_int_equal(fclose(out), 0);
	return buffer;
}

static void check(const char *format, const char *wanted)
{
	auto_free char *shown = show(format, rows_text);

	assert_string_equal(shown, wanted);
}

TEST(the_table_is_the_default)
{
	check(NULL, "CONTAINER ID   NAMES\n1              web\n2              db\n");
	check("table", "CONTAINER ID   NAMES\n1              web\n2              db\n");
}

TEST(headings_are_shown_without_rows)
{
	auto_free char *shown = show(NULL, "[]");

	assert_string_equal(shown, "CONTAINER ID   NAMES\n");
}

TEST(a_template_may_stand_behind_table)
{
	check("table {{.Names}}\\t{{upper .ID}}",
	      "NAMES     CONTAINER ID\nweb       1\ndb        2\n");
}

TEST(a_template_or_json_gives_a_line_per_row)
{
	check("{{.ID}}={{.Names}}", "1=web\n2=db\n");
	check("{{.ID}}\\t{{.Label \"a\"}}", "!template parsing error: template: :1:10: executing "
					    "\"\" at <.Label>: Label is not a method but has "
					    "arguments");
	check("json", "{\"ID\":\"1\",\"Names\":\"web\"}\n{\"ID\":\"2\",\"Names\":\"db\"}\n");
}

TEST(errors_come_before_any_output)
{
	check("{{.Nope}}",
	      "!template parsing error: template: :1:2: executing \"\" at <.Nope>: map "
	      "has no entry for key \"Nope\"");
	check("table {{.ID", "!template parsing error: template: :1: unclosed action");
}

TEST(one_document_gives_a_line)
{
	auto_json *json = NULL;
	auto_str out = {0};
	auto_error err = {0};

	assert_int_equal(json_parse("{\"A\":{\"B\":1}}", 13, &json, NULL), 0);
	assert_int_equal(format_document("{{.A.B}}\\n", json, NULL, &out, &err), 0);
	assert_int_equal(format_document("json", json, NULL, &out, &err), 0);
	assert_string_equal(str_text(&out), "1\\n\n{\"A\":{\"B\":1}}\n");
	assert_int_equal(format_document("{{.C}}", json, NULL, &out, &err), -EINVAL);
}
