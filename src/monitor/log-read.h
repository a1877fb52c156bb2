/*
 * Reading the log of a container while its monitor writes it.
 *
 * The monitor appends whole lines. What is behind the last newline is not there yet, or was torn by
 * the monitor's death: it is never given out. A line that is none (a torn one with the next line
 * glued to it) is left out. Memory: one line.
 */
#pragma once

#include "base/macro.h"
#include "codec/log-line.h"

#include <stddef.h>
#include <sys/types.h>

#define LOG_LINE_MAX (1024 * 1024) /* longer ones are left out */

struct log_reader {
	int fd; /* borrowed */
	off_t offset;
	char *buffer; /* owned */
	size_t start, end, size;
	bool skipping; /* inside a line that is too long */
};

/* Begins at the first line, or at the @tail-th from the end (-1: all). 0 or -errno. */
int log_reader_init(struct log_reader *reader, int fd, int64_t tail) MUST_CHECK;

/* The next line: 1, or 0 if there is no further one yet, or -errno. @ret points into the reader and
 * is valid until the next call. */
int log_reader_next(struct log_reader *reader, struct log_line *ret) MUST_CHECK;

void log_reader_release(struct log_reader *reader);
#define auto_log_reader CLEANUP(log_reader_release) struct log_reader
