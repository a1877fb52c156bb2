/*
 * One line of a json-file log, as Docker writes them:
 *   {"log":"text\n","stream":"stdout","time":"2026-11-22T10:11:12.123456789Z"}
 *
 * A reader of its own, because the text is any bytes of a container's, NULs included, and because a
 * log has many lines.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum log_stream {
	LOG_STDOUT = 1,
	LOG_STDERR = 2,
};

struct log_line {
	int64_t time; /* ns since 1970 */
	enum log_stream stream;
	const char *text; /* with its newline, if it had one; not NUL-terminated */
	size_t len;
};

/* Parses the @len bytes at @line (without the newline behind them) and unescapes in place; @ret
 * points into @line. Members of other names are skipped. 0 or -EBADMSG. */
int log_line_parse(char *line, size_t len, struct log_line *ret) MUST_CHECK;
