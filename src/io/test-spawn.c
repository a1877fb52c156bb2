#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int run(const char *script, const struct spawn_fd *fds, size_t count)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
	struct spawn spec = {.path = "/bin/sh", .argv = argv, .fds = fds, .fd_count = count};
	struct child child;
	int status;

	assert_int_equal(spawn(&spec, &child), 0);
	assert_int_equal(child_wait(&child, &status), 0);
	return status;
}

TEST(the_child_has_exactly_the_descriptors_it_was_given)
{
	auto_free char *text = NULL;
	int stray = open("/dev/null", O_RDONLY); /* deliberately without O_CLOEXEC */
	int ends[2];
	size_t len;

	assert_int_equal(dup2(stray, 5), 5);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(run("for f in /proc/$$/fd/*; do echo -n \"${f##*/} \"; done",
			     (struct spawn_fd[]) {{ends[1], 1}, {ends[1], 7}}, 2),
			 0);
	(void)close(ends[1]);
	assert_int_equal(fd_read_all(ends[0], 1000, &text, &len), 0);
	/* 3 is the folder that the shell lists. */
	assert_string_equal(text, "0 1 2 3 7 ");
	(void)close(5);
	(void)close(ends[0]);
	(void)close(stray);
}

TEST(swapped_descriptors_arrive_swapped)
{
	int a[2], b[2];
	char got[2];

	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	assert_true(a[1] < 10 && b[1] < 10);
	assert_int_equal(
		run("printf 1 >&8; printf 2 >&9", (struct spawn_fd[]) {{a[1], 8}, {b[1], 9}}, 2),
		0);
	assert_int_equal(read(a[0], got, 1), 1);
	assert_int_equal(read(b[0], got + 1, 1), 1);
	assert_memory_equal(got, "12", 2);
	for (int i = 0; i < 2; i++) {
		(void)close(a[i]);
		(void)close(b[i]);
	}
}

TEST(statuses_and_failures_are_told_apart)
{
	char *argv[] = {(char *)"x", NULL};
	struct spawn spec = {.path = "/nonexistent", .argv = argv};
	struct child child;

	assert_int_equal(run("exit 42", NULL, 0), 42);
	assert_int_equal(run("kill -9 $$", NULL, 0), 137);
	assert_int_equal(spawn(&spec, &child), -ENOENT);
	spec.path = "/etc/passwd";
	assert_int_equal(spawn(&spec, &child), -EACCES);
}
