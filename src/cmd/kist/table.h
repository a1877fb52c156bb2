/*
 * Columns: cells that end with a tab are lined up, as Go's text/tabwriter does it with the settings
 * of Docker's command line (at least 10 wide, 3 apart). Widths are counted in characters, not
 * bytes.
 */
#pragma once

#include "base/str.h"

/* Appends @text, whose cells end with '\t' and whose lines end with '\n', in columns to @out. */
void table_align(const char *text, struct str *out);

/* The first characters of @s, with "…" as the last one if there are more than @width. Owned. */
char *table_ellipsis(const char *s, size_t width) MUST_CHECK;
