#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/atomic-file.h"
#include "io/root.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/kist-test-XXXXXX";
static int dir_fd = -EBADF;

static __attribute__((constructor)) void make_folder(void)
{
	if (!mkdtemp(folder))
		abort();
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static __attribute__((destructor)) void remove_folder(void)
{
	(void)!tree_empty(dir_fd);
	(void)rmdir(folder);
}

TEST(an_exclusive_write_never_replaces)
{
	auto_free char *text = NULL;
	size_t len;

	assert_int_equal(atomic_write(dir_fd, "name", "one", 3, 0600, ATOMIC_EXCLUSIVE), 0);
	assert_int_equal(atomic_write(dir_fd, "name", "two", 3, 0600, ATOMIC_EXCLUSIVE), -EEXIST);
	assert_int_equal(atomic_read(dir_fd, "name", 100, &text, &len), 0);
	assert_string_equal(text, "one");
	assert_int_equal(atomic_write(dir_fd, "name", "three", 5, 0600, ATOMIC_SYNC), 0);
	mem_freep(&text);
	assert_int_equal(atomic_read(dir_fd, "name", 100, &text, &len), 0);
	assert_string_equal(text, "three");
	mem_freep(&text);
	assert_int_equal(atomic_read(dir_fd, "name", 4, &text, &len), -EFBIG);
}

TEST(only_regular_files_are_read)
{
	char *text = NULL;
	size_t len;

	assert_int_equal(symlinkat("/etc/passwd", dir_fd, "link"), 0);
	assert_int_equal(mkfifoat(dir_fd, "fifo", 0600), 0);
	assert_int_equal(atomic_read(dir_fd, "link", 100000, &text, &len), -ELOOP);
	assert_int_equal(atomic_read(dir_fd, "fifo", 100000, &text, &len), -EINVAL);
	assert_null(text);
}

TEST(removing_a_tree_leaves_what_its_links_point_to)
{
	int inner = directory_open(dir_fd, "tree", 0700);
	int outer = directory_open(dir_fd, "outer", 0700);

	assert_int_equal(atomic_write(outer, "kept", "x", 1, 0600, 0), 0);
	assert_int_equal(symlinkat("../outer", inner, "link"), 0);
	assert_int_equal(fd_close(directory_open(inner, "deeper", 0700)), -EBADF);
	assert_int_equal(tree_remove(dir_fd, "tree"), 0);
	assert_int_equal(tree_remove(dir_fd, "tree"), 0);
	assert_int_equal(faccessat(outer, "kept", F_OK, 0), 0);
	(void)fd_close(inner);
	(void)fd_close(outer);
}

TEST(a_sweep_removes_what_was_in_the_making_and_nothing_else)
{
	assert_int_equal(atomic_write(dir_fd, "kept", "x", 1, 0600, 0), 0);
	assert_int_equal(
		fd_close(openat(dir_fd, ".new-1-kept", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)),
		-EBADF);
	assert_int_equal(atomic_sweep(dir_fd), 0);
	assert_int_equal(faccessat(dir_fd, ".new-1-kept", F_OK, 0), -1);
	assert_int_equal(faccessat(dir_fd, "kept", F_OK, 0), 0);
}
