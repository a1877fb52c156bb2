#include "cmd/kist/table.h"

#include "base/mem.h"

#include <string.h>

#define CELL_WIDTH_MIN 10
#define CELL_PADDING   3
#define COLUMNS_MAX    64

struct cell {
	const char *text;
	size_t len;
	size_t width;
};

/* The last cell of a line ends with the line and belongs to no column. */
struct line {
	struct cell *cells;
	size_t cell_count;
};

struct table {
	struct line *lines;
	size_t line_count;
	size_t widths[COLUMNS_MAX];
	size_t width_count;
	struct str *out;
};

static size_t count_characters(const char *s, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static const char *read_line(const char *p, struct cell *cells, struct line *line)
{
	line->cells = cells;
	for (;;) {
		size_t len =
			line->cell_count + 1 < COLUMNS_MAX ? strcspn(p, "\t\n") : strcspn(p, "\n");

		line->cells[line->cell_count++] = (struct cell) {p, len, count_characters(p, len)};
		p += len;
		if (*p != '\t')
			return *p ? p + 1 : p;
		p++;
	}
}

static void write_lines(struct table *table, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct line *line = &table->lines[i];

		for (size_t j = 0; j < line->cell_count; j++) {
			const struct cell *cell = &line->cells[j];

			str_append_mem(table->out, cell->text, cell->len);
			if (j + 1 < line->cell_count)
				str_append_format(table->out, "%*s",
						  (int)(table->widths[j] - cell->width), "");
		}
		str_append_char(table->out, '\n');
	}
}

static bool has_column(const struct table *table, size_t line, size_t column)
{
	return column + 1 < table->lines[line].cell_count;
}

/* A column is as wide as the widest cell of the adjacent lines that have it; the columns to its
 * right are laid out within those lines. */
static void layout(struct table *table, size_t from, size_t to)
{
	size_t column = table->width_count;

	for (size_t i = from; i < to; i++) {
		size_t width = CELL_WIDTH_MIN;

		if (!has_column(table, i, column))
			continue;
		write_lines(table, from, i);
		for (from = i; i < to && has_column(table, i, column); i++)
			width = MAX(width, table->lines[i].cells[column].width + CELL_PADDING);
		table->widths[table->width_count++] = width;
		layout(table, from, i);
		table->width_count--;
		from = i;
	}
	write_lines(table, from, to);
}

void table_align(const char *text, struct str *out)
{
	struct table table = {.out = out};
	auto_free struct line *lines = NULL;
	auto_free struct cell *cells = NULL;
	size_t count = 1, cell_count = 1, used = 0;

	for (const char *p = text; *p; p++) {
		count += *p == '\n';
		cell_count += *p == '\n' || *p == '\t';
	}
	table.lines = lines = mem_zero(count, sizeof(*lines));
	cells = mem_zero(cell_count, sizeof(*cells));
	for (const char *p = text; *p;) {
		struct line *line = &lines[table.line_count++];

		p = read_line(p, &cells[used], line);
		used += line->cell_count;
	}
	layout(&table, 0, table.line_count);
}

char *table_ellipsis(const char *s, size_t width)
{
	const char *p = s;
	size_t count = 0;

	if (count_characters(s, strlen(s)) <= width)
		return mem_strdup(s);
	for (; *p; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && ++count == width)
			break;
	return mem_printf("%.*s…", (int)(p - s), s);
}
