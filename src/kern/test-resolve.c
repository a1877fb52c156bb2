#include "base/fd.h"
#include "base/test.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder "root" beside a folder "outside", both empty. */
struct place {
	char path[64];
	int fd, root, outside;
};

static void place_make(struct place *place)
{
	(void)snprintf(place->path, sizeof(place->path), "/tmp/test-resolve.XXXXXX");
	assert_non_null(mkdtemp(place->path));
	place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(place->fd >= 0);
	assert_int_equal(mkdirat(place->fd, "root", 0755), 0);
	assert_int_equal(mkdirat(place->fd, "outside", 0755), 0);
	place->root = openat(place->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place->outside = openat(place->fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void place_release(struct place *place)
{
	(void)fd_close(place->root);
	(void)fd_close(place->outside);
	(void)fd_close(place->fd);
	assert_int_equal(nftw(place->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static bool is_file(int dir_fd, const char *path)
{
	struct stat st;

	return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

TEST(the_target_of_a_dangling_symlink_is_made_where_it_points_to)
{
	static const struct {
		const char *link;
		const char *made;
	} cases[] = {
		{"../run/systemd/resolve/stub.conf", "run/systemd/resolve/stub.conf"},
		{"/run/a", "run/a"},
		{"b", "etc/b"},
		{"../../../outside/c", "outside/c"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(place_release) struct place place;
		auto_fd int fd = -EBADF;
		struct stat st, made;

		place_make(&place);
		assert_int_equal(mkdirat(place.root, "etc", 0755), 0);
		assert_int_equal(symlinkat(cases[i].link, place.root, "etc/resolv.conf"), 0);
		fd = resolve_file(place.root, "/etc/resolv.conf", 0644);
		assert_true(fd >= 0);
		assert_true(is_file(place.root, cases[i].made));
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(fstatat(place.root, cases[i].made, &made, 0), 0);
		assert_true(st.st_ino == made.st_ino);
		assert_false(is_file(place.outside, "c"));
	}
}

TEST(a_chain_of_symlinks_is_followed_and_a_circle_is_refused)
{
	CLEANUP(place_release) struct place place;
	auto_fd int fd = -EBADF;

	place_make(&place);
	assert_int_equal(symlinkat("b", place.root, "a"), 0);
	assert_int_equal(symlinkat("/c/d", place.root, "b"), 0);
	fd = resolve_file(place.root, "a", 0644);
	assert_true(fd >= 0);
	assert_true(is_file(place.root, "c/d"));
	assert_int_equal(symlinkat("y", place.root, "x"), 0);
	assert_int_equal(symlinkat("x", place.root, "y"), 0);
	assert_int_equal(resolve_file(place.root, "x", 0644), -ELOOP);
}

TEST(what_is_there_is_opened_and_what_is_not_is_made)
{
	CLEANUP(place_release) struct place place;
	auto_fd int first = -EBADF, second = -EBADF;
	struct stat a, b;

	place_make(&place);
	first = resolve_file(place.root, "new/file", 0600);
	second = resolve_file(place.root, "new/file", 0600);
	assert_true(first >= 0 && second >= 0);
	assert_int_equal(fstat(first, &a), 0);
	assert_int_equal(fstat(second, &b), 0);
	assert_true(a.st_ino == b.st_ino);
	assert_int_equal(resolve_file(place.root, "other/", 0600), -EINVAL);
}
