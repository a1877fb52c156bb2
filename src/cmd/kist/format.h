/*
 * --format: what is shown is made as JSON first, then written as a table or through a template, so
 * that there is one place where a value is decided.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/template.h"

#include <stdbool.h>
#include <stdio.h>

/* What the help text says of --format. */
#define FORMAT_ROWS_HELP "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"
#define FORMAT_HELP	 "Format output: 'json' or a Go template"

/* A kind of rows: ps, images. */
struct listing {
	const char *headings; /* JSON: {"ID": "CONTAINER ID", ...} */
	const char *table;    /* template of the default table, cells separated by tabs */
};

/*
 * Writes rows to @out as @format wants it (NULL: the default table).
 *
 * @rows is a JSON array of {"Row": {...}, "Methods": {...}}; Methods may be absent. ERROR_INVALID
 * begins with "template parsing error: ", as Docker's.
 */
int listing_write(const struct listing *listing, const char *format, const struct json *rows,
		  FILE *out, struct error *err) MUST_CHECK;

/* The default table of rows that are lines of cells already, separated by tabs: what a long list
 * is shown by. */
int listing_write_lines(const struct listing *listing, const struct str *lines, FILE *out,
			struct error *err) MUST_CHECK;

/* --format of a single document, @format not NULL: "json" or a template, and a newline. */
int format_document(const char *format, const struct json *document,
		    const struct template_member *types, struct str *out,
		    struct error *err) MUST_CHECK;
