#include "monitor/log-read.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE (64 * 1024)

static ssize_t read_at(int fd, void *data, size_t len, off_t offset)
{
	ssize_t n;

	do
		n = pread(fd, data, len, offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Counts newlines from the end of the file backwards: where the last @lines whole lines begin. */
static int find_tail(int fd, int64_t lines, off_t *ret)
{
	auto_free char *block = mem_alloc(BLOCK_SIZE);
	off_t pos, start = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	for (pos = st.st_size; pos > 0 && lines >= 0; pos = start) {
		ssize_t n;

		start = MAX(pos - (off_t)BLOCK_SIZE, (off_t)0);
		n = read_at(fd, block, (size_t)(pos - start), start);
		if (n < 0)
			return (int)n;
		/* The newline in front of the first line wanted is one more than there are lines.
		 */
		for (; n > 0 && lines >= 0; n--)
			if (block[n - 1] == '\n' && lines-- == 0) {
				*ret = start + n;
				return 0;
			}
	}
	*ret = 0;
	return 0;
}

int log_reader_init(struct log_reader *reader, int fd, int64_t tail)
{
	struct log_reader result = {.fd = fd, .size = BLOCK_SIZE};
	int r;

	if (tail >= 0) {
		r = find_tail(fd, tail, &result.offset);
		if (r < 0)
			return r;
	}
	result.buffer = mem_alloc(BLOCK_SIZE);
	*reader = result;
	return 0;
}

/* Makes room behind what is left of the buffer. False: the line is too long. */
static bool make_room(struct log_reader *reader)
{
	if (reader->start > 0) {
		memmove(reader->buffer, reader->buffer + reader->start,
			reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	if (reader->end < reader->size)
		return true;
	if (reader->size >= LOG_LINE_MAX)
		return false;
	reader->size *= 2;
	reader->buffer = mem_resize(reader->buffer, reader->size);
	return true;
}

/* A monitor that could not write the whole of a line takes its beginning back: so do we. */
static int forget_taken_back(struct log_reader *reader)
{
	struct stat st;

	if (fstat(reader->fd, &st) < 0)
		return -errno;
	if (st.st_size < reader->offset) {
		reader->offset -= (off_t)(reader->end - reader->start);
		reader->end = reader->start;
	}
	return 0;
}

/* 1: there is more in the buffer, 0: the file has no more. */
static int fill(struct log_reader *reader)
{
	ssize_t n;

	if (!make_room(reader)) {
		reader->skipping = true;
		reader->end = 0;
	}
	n = read_at(reader->fd, reader->buffer + reader->end, reader->size - reader->end,
		    reader->offset);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return forget_taken_back(reader);
	reader->offset += n;
	reader->end += (size_t)n;
	return 1;
}

int log_reader_next(struct log_reader *reader, struct log_line *ret)
{
	for (;;) {
		char *line = reader->buffer + reader->start;
		char *newline = memchr(line, '\n', reader->end - reader->start);
		bool skipped = reader->skipping;
		int r;

		if (newline) {
			reader->start = (size_t)(newline - reader->buffer) + 1;
			reader->skipping = false;
			if (!skipped && log_line_parse(line, (size_t)(newline - line), ret) == 0)
				return 1;
			continue;
		}
		if (skipped)
			reader->start = reader->end = 0;
		r = fill(reader);
		if (r <= 0)
			return r;
	}
}

void log_reader_release(struct log_reader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
}
