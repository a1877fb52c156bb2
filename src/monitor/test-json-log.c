#include "monitor/json-log.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "codec/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct fixture {
	char folder[64];
	char path[80];
	struct json_log log;
};

static void begin(struct fixture *f)
{
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/kist-test-log-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof(f->path), "%s/log", f->folder);
	assert_int_equal(json_log_open(&f->log, f->path), 0);
}

static void end(struct fixture *f)
{
	json_log_release(&f->log);
	(void)unlink(f->path);
	(void)rmdir(f->folder);
}

/* The "log" texts of the file, each followed by '|'; every line has to be a whole record. */
static char *texts(struct fixture *f, const char *stream)
{
	auto_fd int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	auto_free char *data = NULL;
	auto_str out = {0};
	size_t len;

	assert_int_equal(fd_read_all(fd, 64 << 20, &data, &len), 0);
	for (char *line = data; *line;) {
		auto_json *record = NULL;
		char *newline = strchr(line, '\n');

		assert_non_null(newline);
		assert_int_equal(json_parse(line, (size_t)(newline - line), &record, NULL), 0);
		assert_int_equal(json_size(record), 3);
		assert_non_null(json_get_string(record, "time"));
		if (STREQ(json_get_string(record, "stream"), stream)) {
			str_append(&out, json_get_string(record, "log"));
			str_append_char(&out, '|');
		}
		line = newline + 1;
	}
	return str_take(&out);
}

static void append(struct fixture *f, int stream, const char *text)
{
	json_log_append(&f->log, stream, text, strlen(text));
}

TEST(lines_come_out_whole_however_they_came_in)
{
	static const char text[] = "one\ntwo\n\nthree \"quoted\"\nlast";

	for (size_t step = 1; step <= sizeof(text); step++) {
		auto_free char *out = NULL;
		struct fixture f;

		begin(&f);
		for (size_t at = 0; at < sizeof(text) - 1; at += step)
			json_log_append(&f.log, 1, text + at, MIN(step, sizeof(text) - 1 - at));
		json_log_finish(&f.log, 1);
		out = texts(&f, "stdout");
		assert_string_equal(out, "one\n|two\n|\n|three \"quoted\"\n|last|");
		end(&f);
	}
}

TEST(the_streams_do_not_mix_in_a_line)
{
	auto_free char *out = NULL, *err = NULL;
	struct fixture f;

	begin(&f);
	append(&f, 1, "out ");
	append(&f, 2, "err ");
	append(&f, 1, "more\n");
	append(&f, 2, "tail");
	json_log_finish(&f.log, 1);
	json_log_finish(&f.log, 2);
	out = texts(&f, "stdout");
	err = texts(&f, "stderr");
	assert_string_equal(out, "out more\n|");
	assert_string_equal(err, "err tail|");
	end(&f);
}

TEST(a_long_line_is_cut_at_the_bound_and_never_inside_a_character)
{
	static const struct {
		size_t ascii; /* bytes before the characters */
		const char *character;
		size_t first; /* length of the first record */
	} rows[] = {
		{JSON_LOG_LINE_MAX, "\n", JSON_LOG_LINE_MAX},
		{JSON_LOG_LINE_MAX - 1, "\n", JSON_LOG_LINE_MAX},
		{JSON_LOG_LINE_MAX - 1, "\xc3\xa9", JSON_LOG_LINE_MAX - 1},
		{JSON_LOG_LINE_MAX - 2, "\xc3\xa9", JSON_LOG_LINE_MAX},
		{JSON_LOG_LINE_MAX - 2, "\xe2\x82\xac", JSON_LOG_LINE_MAX - 2},
		{JSON_LOG_LINE_MAX - 3, "\xe2\x82\xac", JSON_LOG_LINE_MAX},
		{JSON_LOG_LINE_MAX - 3, "\xf0\x9f\x98\x80", JSON_LOG_LINE_MAX - 3},
		{JSON_LOG_LINE_MAX - 4, "\xf0\x9f\x98\x80", JSON_LOG_LINE_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *out = NULL, *text = mem_zero(1, JSON_LOG_LINE_MAX + 16);
		struct fixture f;

		memset(text, 'x', rows[i].ascii);
		memcpy(text + rows[i].ascii, rows[i].character, strlen(rows[i].character) + 1);
		begin(&f);
		append(&f, 1, text);
		json_log_finish(&f.log, 1);
		out = texts(&f, "stdout");
		assert_int_equal(strcspn(out, "|"), rows[i].first);
		end(&f);
	}
}

TEST(bytes_that_are_no_text_cannot_stop_the_cutting)
{
	auto_free char *bytes = mem_alloc(3 * JSON_LOG_LINE_MAX);
	struct fixture f;

	memset(bytes, 0x80, 3 * JSON_LOG_LINE_MAX);
	begin(&f);
	json_log_append(&f.log, 1, bytes, 3 * JSON_LOG_LINE_MAX);
	assert_true(f.log.partial[0].len < JSON_LOG_LINE_MAX);
	json_log_finish(&f.log, 1);
	end(&f);
}

TEST(a_failed_write_leaves_whole_records_and_is_told_once)
{
	auto_free char *out = NULL, *err = NULL;
	struct rlimit old, small = {.rlim_cur = 256, .rlim_max = RLIM_INFINITY};
	struct fixture f;

	begin(&f);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	append(&f, 1, "first\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 100; i++)
		append(&f, 1, "lost or not\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(f.log.lost_errno, EFBIG);
	assert_int_equal(f.log.lost % strlen("lost or not\n"), 0);
	json_log_finish(&f.log, 1);
	out = texts(&f, "stdout");
	err = texts(&f, "stderr");
	assert_true(strncmp(out, "first\n|lost or not\n|", 20) == 0);
	assert_non_null(strstr(err, "bytes of output are not logged: File too large\n|"));
	assert_null(strstr(strchr(err, '|') + 1, "|"));
	end(&f);
}

TEST(a_log_is_continued_and_nothing_but_a_file_is_one)
{
	auto_free char *out = NULL;
	struct json_log other;
	struct fixture f;

	begin(&f);
	append(&f, 1, "a\n");
	json_log_release(&f.log);
	assert_int_equal(json_log_open(&f.log, f.path), 0);
	append(&f, 1, "b\n");
	out = texts(&f, "stdout");
	assert_string_equal(out, "a\n|b\n|");
	assert_int_equal(json_log_open(&other, "/dev/null"), -EINVAL);
	end(&f);
}

TEST(half_a_record_of_a_killed_monitor_does_not_take_the_next_one_with_it)
{
	static const char torn[] = "{\"log\":\"half";
	auto_fd int fd = -EBADF;
	char data[256] = {0};
	struct fixture f;

	begin(&f);
	assert_int_equal(fd_write_full(f.log.fd, torn, sizeof(torn) - 1), 0);
	json_log_release(&f.log);
	assert_int_equal(json_log_open(&f.log, f.path), 0);
	append(&f, 1, "whole\n");
	fd = open(f.path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, data, sizeof(data) - 1) > 0);
	assert_memory_equal(data, torn, sizeof(torn) - 1);
	assert_non_null(strstr(data, "half\n{\"log\":\"whole\\n\","));
	end(&f);
}
