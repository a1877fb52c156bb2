#include "cmd/kist/format.h"

#include "base/mem.h"
#include "cmd/kist/table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static int fail(struct error *err, const char *why)
{
	return error_set(err, ERROR_INVALID, "template parsing error: %s", why);
}

static int parse(const char *text, struct template **ret, struct error *err)
{
	auto_free char *why = NULL;

	return template_parse(text, ret, &why) < 0 ? fail(err, why) : 0;
}

static int execute(const struct template *template, const struct template_data *data,
		   struct str *out, struct error *err)
{
	auto_free char *why = NULL;

	if (template_execute(template, data, out, &why) < 0)
		return fail(err, why);
	return 0;
}

/* In a listing's format \t and \n are written out, since shells make them hard to type. */
static char *unescape(const char *text)
{
	auto_str out = {0};

	assert(text);
	for (; *text; text++) {
		if (text[0] == '\\' && (text[1] == 't' || text[1] == 'n'))
			str_append_char(&out, *++text == 't' ? '\t' : '\n');
		else
			str_append_char(&out, *text);
	}
	return str_take(&out);
}

/* The template behind the word "table", or NULL: @format does not begin with that word. */
static const char *table_template(const char *format)
{
	if (!str_starts(format, "table"))
		return NULL;
	format += strlen("table");
	return format + strspn(format, " ");
}

static int write_headings(const struct listing *listing, const struct template *template,
			  struct str *out, struct error *err)
{
	auto_json *headings = NULL;
	struct template_data data = {.headings = true};
	int r = json_parse(listing->headings, strlen(listing->headings), &headings, NULL);

	if (r < 0)
		return error_errno(err, r, "read headings");
	data.root = headings;
	r = execute(template, &data, out, err);
	str_append_char(out, '\n');
	return r;
}

int listing_write(const struct listing *listing, const char *format, const struct json *rows,
		  FILE *out, struct error *err)
{
	const char *table;
	auto_free char *text = NULL;
	auto_template *template = NULL;
	auto_str plain = {0}, aligned = {0};
	int r;

	if (!format)
		format = "table";
	table = table_template(format);
	if (table)
		text = unescape(*table ? table : listing->table);
	else
		text = unescape(STREQ(format, "json") ? "{{json .}}" : format);
	r = parse(text, &template, err);
	if (r == 0 && table)
		r = write_headings(listing, template, &plain, err);
	for (size_t i = 0; r == 0 && i < json_count(rows); i++) {
		const struct json *row = json_at(rows, i);
		struct template_data data = {
			.root = json_get(row, "Row"),
			.methods = json_get(row, "Methods"),
		};

		r = execute(template, &data, &plain, err);
		str_append_char(&plain, '\n');
	}
	if (r < 0)
		return r;
	if (table)
		table_align(str_text(&plain), &aligned);
	(void)fputs(str_text(table ? &aligned : &plain), out);
	return 0;
}

int listing_write_lines(const struct listing *listing, const struct str *lines, FILE *out,
			struct error *err)
{
	auto_free char *text = unescape(listing->table);
	auto_template *template = NULL;
	auto_str plain = {0}, aligned = {0};
	int r;

	r = parse(text, &template, err);
	if (r == 0)
		r = write_headings(listing, template, &plain, err);
	if (r < 0)
		return r;
	str_append(&plain, str_text(lines));
	table_align(str_text(&plain), &aligned);
	(void)fputs(str_text(&aligned), out);
	return 0;
}

int format_document(const char *format, const struct json *document,
		    const struct template_member *types, struct str *out, struct error *err)
{
	struct template_data data = {.root = document, .types = types};
	auto_template *template = NULL;
	int r = parse(STREQ(format, "json") ? "{{json .}}" : format, &template, err);

	if (r == 0)
		r = execute(template, &data, out, err);
	if (r == 0)
		str_append_char(out, '\n');
	return r;
}
