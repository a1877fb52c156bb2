#include "cmd/kist/progress.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"

#include <sys/mman.h>
#include <unistd.h>

static void check_bar(uint64_t current, uint64_t total, unsigned width, const char *wanted)
{
	auto_str out = {0};

	progress_bar(current, total, width, &out);
	assert_string_equal(str_text(&out), wanted);
}

TEST(a_bar_shows_the_share_that_is_done)
{
	check_bar(0, 4000000, 10, "[>         ]  0B/4MB");
	check_bar(1234567, 4000000, 10, "[===>      ]  1.235MB/4MB");
	check_bar(4000000, 4000000, 10, "[==========]  4MB/4MB");
	check_bar(9000000, 4000000, 10, "[==========]  4MB/4MB");
	check_bar(1500, 0, 10, "1.5kB");
	check_bar(0, 0, 10, "");
	check_bar(1000, 2000, 3, "1kB/2kB");
}

TEST(without_a_terminal_each_step_is_a_line)
{
	auto_fd int fd = memfd_create("out", MFD_CLOEXEC);
	auto_progress progress = {0};
	auto_free char *text = NULL;
	size_t len;

	progress_init(&progress, fd);
	assert_false(progress.terminal);
	progress_report("aaa", "Downloading", 1, 10, &progress);
	progress_report("bbb", "Already exists", 0, 0, &progress);
	progress_report("aaa", "Downloading", 9, 10, &progress);
	progress_report("aaa", "Pull complete", 0, 0, &progress);
	progress_report(NULL, "Checking", 0, 0, &progress);
	progress_report(NULL, "Checking", 1, 0, &progress);
	progress_finish(&progress);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, 4096, &text, &len), 0);
	assert_string_equal(text, "aaa: Downloading\nbbb: Already exists\naaa: Pull complete\n"
				  "Checking\n");
}

TEST(more_layers_than_lines_are_left_out)
{
	auto_fd int fd = memfd_create("out", MFD_CLOEXEC);
	auto_progress progress = {0};

	progress_init(&progress, fd);
	for (int i = 0; i < 2 * PROGRESS_LAYERS_MAX; i++) {
		auto_free char *layer = mem_printf("%d", i);

		progress_report(layer, "x", 0, 0, &progress);
	}
	assert_int_equal(progress.line_count, PROGRESS_LAYERS_MAX);
}
