#include "io/root.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEP 3000

static int folder(char *name)
{
	assert_non_null(mkdtemp(name));
	return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

TEST(a_tree_deeper_than_there_are_descriptors_is_removed)
{
	struct rlimit before, few = {.rlim_cur = 64};
	char name[] = "/tmp/kist-test-XXXXXX";
	auto_fd int top = folder(name), at = -EBADF;
	int r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(mkdirat(top, "d", 0755), 0);
	at = openat(top, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < DEEP; i++) {
		int next;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		assert_int_equal(mkdirat(at, ".removed-0", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		at = (fd_close(at), next);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = tree_remove(top, "d");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, 0);
	assert_int_equal(rmdir(name), 0);
}

TEST(removing_never_follows_a_symlink)
{
	char name[] = "/tmp/kist-test-XXXXXX", kept[] = "/tmp/kist-test-XXXXXX";
	auto_fd int top = folder(name), other = folder(kept);

	assert_int_equal(mkdirat(other, "alive", 0755), 0);
	assert_int_equal(mkdirat(top, "d", 0755), 0);
	assert_int_equal(symlinkat(kept, top, "link"), 0);
	assert_int_equal(tree_empty(top), 0);
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(unlinkat(other, "alive", AT_REMOVEDIR), 0);
	assert_int_equal(rmdir(kept), 0);
}
