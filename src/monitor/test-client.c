#include "monitor/client.h"

#include "base/fd.h"
#include "base/test.h"
#include "monitor/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void says(int fd, uint32_t type, const void *data, uint32_t len)
{
	struct wire_header header = {.type = type, .length = len};

	assert_int_equal(fd_write_full(fd, &header, sizeof(header)), 0);
	assert_int_equal(fd_write_full(fd, data, len), 0);
}

TEST(a_failure_keeps_the_kind_and_words_of_the_monitor)
{
	static const char text[] = "command-not-found\nexec x: not found";
	struct wire_started started = {.pid = 99};
	auto_error error = {0};
	int ends[2];

	pair(ends);
	says(ends[1], WIRE_FAILED, text, sizeof(text) - 1);
	assert_true(monitor_await_started(ends[0], &started, &error) < 0);
	assert_int_equal(error.kind, ERROR_COMMAND_NOT_FOUND);
	assert_string_equal(error.message, "exec x: not found");
	assert_int_equal(started.pid, 99);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

TEST(a_connection_that_ends_first_is_a_monitor_that_died)
{
	struct wire_started started;
	auto_error error = {0};
	int ends[2];

	pair(ends);
	(void)close(ends[1]);
	assert_true(monitor_await_started(ends[0], &started, &error) < 0);
	assert_int_equal(error.kind, ERROR_SYSTEM);
	assert_string_equal(error.message, "the monitor died");
	(void)close(ends[0]);
}

TEST(a_start_is_received_and_what_is_sent_arrives)
{
	struct wire_started sent = {.pid = 7, .start_ticks = 8, .time = 9}, got = {0};
	struct wire_header header;
	auto_error error = {0};
	char data[8];
	int ends[2];

	pair(ends);
	says(ends[1], WIRE_STARTED, &sent, sizeof(sent));
	assert_int_equal(monitor_await_started(ends[0], &got, &error), 0);
	assert_memory_equal(&got, &sent, sizeof(sent));
	assert_int_equal(monitor_send(ends[0], WIRE_INPUT, "abc", 3, &error), 0);
	assert_int_equal(fd_read_full(ends[1], &header, sizeof(header)), 0);
	assert_int_equal(header.type, WIRE_INPUT);
	assert_int_equal(header.length, 3);
	assert_int_equal(fd_read_full(ends[1], data, 3), 0);
	assert_memory_equal(data, "abc", 3);
	(void)close(ends[1]);
	assert_true(monitor_send(ends[0], WIRE_WAIT, NULL, 0, &error) < 0);
	(void)close(ends[0]);
}

TEST(frames_of_wrong_length_or_type_are_refused)
{
	static const struct wire_header rows[] = {
		{WIRE_STARTED, 23}, {WIRE_EXITED, 0}, {WIRE_OUTPUT, 0}, {WIRE_OUTPUT, 65537},
		{WIRE_COMMIT, 0},   {0, 0},	      {99, 4},		{WIRE_FAILED, UINT32_MAX},
	};
	static char buf[WIRE_LENGTH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wire_header header;
		auto_error error = {0};
		int ends[2];

		pair(ends);
		assert_int_equal(fd_write_full(ends[1], &rows[i], sizeof(rows[i])), 0);
		assert_true(monitor_receive(ends[0], &header, buf, &error) < 0);
		assert_int_equal(error.kind, ERROR_CORRUPT);
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
}

TEST(a_frame_cut_short_is_an_error_and_not_an_end)
{
	static char buf[WIRE_LENGTH_MAX];
	struct wire_header header = {.type = WIRE_OUTPUT, .length = 10};
	auto_error error = {0};
	int ends[2];

	pair(ends);
	assert_int_equal(fd_write_full(ends[1], &header, sizeof(header)), 0);
	assert_int_equal(fd_write_full(ends[1], "\1abc", 4), 0);
	(void)close(ends[1]);
	assert_true(monitor_receive(ends[0], &header, buf, &error) < 0);
	assert_int_equal(error.kind, ERROR_SYSTEM);
	(void)close(ends[0]);
}

TEST(nobody_at_the_control_socket_is_not_found)
{
	auto_error error = {0};
	int fd = -7;

	assert_true(monitor_connect("/proc/self/fdinfo", &fd, &error) < 0);
	assert_int_equal(error.kind, ERROR_NOT_FOUND);
	assert_int_equal(fd, -7);
}

TEST(an_exit_record_is_read_back_as_written)
{
	char folder[] = "/tmp/kist-test-exit-XXXXXX";
	char path[64];
	struct wire_exit written = {.code = 137, .oom_killed = 1, .time = 1795392184457062764};
	struct wire_exit got = {0};
	auto_fd int dir = -EBADF;

	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(monitor_read_exit(dir, "exit.json", &got), -ENOENT);
	(void)snprintf(path, sizeof(path), "%s/exit.json", folder);
	assert_int_equal(record_exit(path, &written, true), 0);
	assert_int_equal(monitor_read_exit(dir, "exit.json", &got), 0);
	assert_memory_equal(&got, &written, sizeof(got));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(record_exit(path, &written, false), -ENOENT);
}

TEST(an_exit_record_that_no_monitor_wrote_is_refused)
{
	static const char *const texts[] = {
		"",
		"{}",
		"{\"code\":0,\"oom\":false}",
		"{\"code\":256,\"oom\":false,\"time\":1}",
		"{\"code\":-2,\"oom\":false,\"time\":1}",
		"{\"code\":0,\"oom\":0,\"time\":1}",
		"{\"code\":0,\"oom\":false,\"time\":1} x",
	};
	struct wire_exit got;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(record_parse_exit(texts[i], strlen(texts[i]), &got), -EBADMSG);
}
