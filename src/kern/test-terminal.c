#include "kern/terminal.h"

#include "base/fd.h"
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_master(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(unlockpt(fd), 0);
	return fd;
}

TEST(a_raw_terminal_passes_on_every_byte_and_is_given_back_as_it_was)
{
	auto_fd int master = open_master();
	auto_fd int slave = terminal_open_slave(master);
	struct termios saved, now;
	char got[8] = "";

	assert_true(slave >= 0);
	assert_int_equal(terminal_make_raw(slave, &saved), 0);
	assert_int_equal(write(master, "\003\r\177x", 4), 4);
	assert_int_equal(read(slave, got, sizeof(got)), 4);
	assert_memory_equal(got, "\003\r\177x", 4);
	assert_int_equal(terminal_restore(slave, &saved), 0);
	assert_int_equal(tcgetattr(slave, &now), 0);
	assert_int_equal(now.c_iflag, saved.c_iflag);
	assert_int_equal(now.c_oflag, saved.c_oflag);
	assert_int_equal(now.c_cflag, saved.c_cflag);
	assert_int_equal(now.c_lflag, saved.c_lflag);
	assert_memory_equal(now.c_cc, saved.c_cc, sizeof(now.c_cc));
	assert_true(now.c_lflag & ICANON);
}

TEST(both_ends_have_one_size)
{
	auto_fd int master = open_master();
	auto_fd int slave = terminal_open_slave(master);
	struct winsize size = {.ws_row = 17, .ws_col = 119}, got;

	assert_int_equal(terminal_set_size(master, &size), 0);
	assert_int_equal(terminal_get_size(slave, &got), 0);
	assert_int_equal(got.ws_row, 17);
	assert_int_equal(got.ws_col, 119);
}

TEST(a_master_is_told_from_a_slave_and_from_a_file)
{
	auto_fd int master = open_master();
	auto_fd int slave = terminal_open_slave(master);
	auto_fd int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct termios saved;

	assert_true(terminal_is_master(master));
	assert_false(terminal_is_master(slave));
	assert_false(terminal_is_master(file));
	assert_int_equal(terminal_make_raw(file, &saved), -ENOTTY);
}
