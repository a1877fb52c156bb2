#include "monitor/log-read.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int make_log(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void put_line(int fd, const char *text)
{
	auto_free char *line = mem_printf("{\"log\":\"%s\\n\",\"stream\":\"stdout\"}\n", text);

	put(fd, line);
}

/* The texts of all lines there are, without newlines, separated by commas. */
static char *read_lines(struct log_reader *reader)
{
	auto_str out = {0};
	struct log_line line;
	int r;

	while ((r = log_reader_next(reader, &line)) > 0) {
		if (out.len > 0)
			str_append_char(&out, ',');
		str_append_mem(&out, line.text, line.len - 1);
	}
	assert_int_equal(r, 0);
	return str_take(&out);
}

static void check_tail(int fd, int64_t tail, const char *wanted)
{
	auto_log_reader reader = {0};
	auto_free char *lines = NULL;

	assert_int_equal(log_reader_init(&reader, fd, tail), 0);
	lines = read_lines(&reader);
	assert_string_equal(lines, wanted);
}

TEST(the_tail_is_counted_from_the_last_whole_line)
{
	auto_fd int fd = make_log();

	check_tail(fd, 3, "");
	check_tail(fd, -1, "");
	put_line(fd, "a");
	put_line(fd, "b");
	put_line(fd, "c");
	put(fd, "{\"log\":\"torn");
	check_tail(fd, -1, "a,b,c");
	check_tail(fd, 0, "");
	check_tail(fd, 1, "c");
	check_tail(fd, 2, "b,c");
	check_tail(fd, 3, "a,b,c");
	check_tail(fd, 4, "a,b,c");
	check_tail(fd, INT64_MAX, "a,b,c");
}

TEST(the_tail_of_a_long_log_is_found_across_blocks)
{
	auto_fd int fd = make_log();
	char text[100];

	for (int i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof(text), "%090d", i);
		put_line(fd, text);
	}
	for (int tail = 1; tail < 5000; tail = tail * 3 + 1) {
		auto_log_reader reader = {0};
		struct log_line line;

		assert_int_equal(log_reader_init(&reader, fd, tail), 0);
		for (int i = 5000 - tail; i < 5000; i++) {
			(void)snprintf(text, sizeof(text), "%090d\n", i);
			assert_int_equal(log_reader_next(&reader, &line), 1);
			assert_memory_equal(line.text, text, 91);
		}
		assert_int_equal(log_reader_next(&reader, &line), 0);
	}
}

TEST(a_line_is_given_out_when_its_newline_is_there)
{
	auto_fd int fd = make_log();
	auto_log_reader reader = {0};
	struct log_line line;

	assert_int_equal(log_reader_init(&reader, fd, -1), 0);
	put(fd, "{\"log\":\"x\\n");
	assert_int_equal(log_reader_next(&reader, &line), 0);
	put(fd, "\"}");
	assert_int_equal(log_reader_next(&reader, &line), 0);
	put(fd, "\n");
	assert_int_equal(log_reader_next(&reader, &line), 1);
	assert_int_equal(line.len, 2);
	assert_int_equal(log_reader_next(&reader, &line), 0);
}

TEST(a_beginning_that_was_taken_back_is_forgotten)
{
	auto_fd int fd = make_log();
	auto_log_reader reader = {0};
	auto_free char *lines = NULL;
	struct log_line line;

	put_line(fd, "a");
	assert_int_equal(log_reader_init(&reader, fd, -1), 0);
	assert_int_equal(log_reader_next(&reader, &line), 1);
	put(fd, "{\"log\":\"disk full");
	assert_int_equal(log_reader_next(&reader, &line), 0);
	assert_int_equal(ftruncate(fd, lseek(fd, -17, SEEK_END)), 0);
	assert_int_equal(log_reader_next(&reader, &line), 0);
	put_line(fd, "b");
	lines = read_lines(&reader);
	assert_string_equal(lines, "b");
}

TEST(damaged_lines_are_left_out)
{
	auto_fd int fd = make_log();

	put_line(fd, "a");
	put(fd, "{\"log\":\"torn{\"log\":\"glued\"}\n\n\0\n");
	put_line(fd, "b");
	check_tail(fd, -1, "a,b");
}

TEST(a_line_without_bound_is_left_out_in_bounded_memory)
{
	auto_fd int fd = make_log();
	auto_free char *block = mem_alloc(LOG_LINE_MAX);
	auto_log_reader reader = {0};
	auto_free char *lines = NULL;

	memset(block, 'x', LOG_LINE_MAX);
	put_line(fd, "a");
	for (int i = 0; i < 5; i++)
		assert_int_equal(write(fd, block, LOG_LINE_MAX), LOG_LINE_MAX);
	put(fd, "\n");
	put_line(fd, "b");
	assert_int_equal(log_reader_init(&reader, fd, -1), 0);
	lines = read_lines(&reader);
	assert_string_equal(lines, "a,b");
	assert_true(reader.size <= LOG_LINE_MAX);
}
