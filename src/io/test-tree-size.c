#include "base/fd.h"
#include "base/test.h"
#include "io/root.h"
#include "io/tree-size.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(int dir_fd, const char *name, off_t size)
{
	auto_fd int fd = openat(dir_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

TEST(files_count_once_and_links_lead_nowhere)
{
	char folder[] = "/tmp/kist-tree-size-XXXXXX";
	auto_fd int dir = -EBADF, sub = -EBADF;
	uint64_t size;

	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_size(dir, &size), 0);
	assert_int_equal(size, 0);
	assert_int_equal(mkdirat(dir, "sub", 0700), 0);
	sub = openat(dir, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(dir, "a", 1000);
	put(sub, "b", 20);
	assert_int_equal(linkat(dir, "a", sub, "a", 0), 0);
	assert_int_equal(symlinkat("/usr", sub, "c"), 0);
	assert_int_equal(mknodat(sub, "d", S_IFIFO | 0600, 0), 0);
	assert_int_equal(tree_size(dir, &size), 0);
	assert_int_equal(size, 1020);
	assert_true(tree_size(-1, &size) < 0);
	assert_int_equal(tree_empty(dir), 0);
	assert_int_equal(rmdir(folder), 0);
}
