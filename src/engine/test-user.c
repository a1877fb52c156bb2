#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "engine/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "# comment\n"
			     "broken\n"
			     "bob:x:1000:1000::/home/bob:/bin/sh\n"
			     "1000:x:7:7::/seven:/bin/sh\n"
			     "big:x:4294967296:1::/big:/bin/sh\n"
			     "odd:x:5:5::/a\tb:/bin/sh\n"
			     "last:x:6:6::/last:/bin/sh";
static const char group[] = "root:x:0:\nbob:x:1000:\naudio:x:29:bob,root\nvideo:x:30:xbob,bobx\n";

static int file(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int lookup(int passwd_fd, int group_fd, const char *name, const char *group_name,
		  struct user *ret)
{
	const struct user_query query = {.user = name, .group = group_name};
	uint32_t missing;

	return user_lookup(passwd_fd, group_fd, &query, ret, &missing);
}

static int look(const char *name, const char *group_name, struct user *ret)
{
	auto_fd int passwd_fd = file(passwd), group_fd = file(group);

	return lookup(passwd_fd, group_fd, name, group_name, ret);
}

TEST(a_name_gives_ids_home_and_all_groups)
{
	struct user user;

	assert_int_equal(look("bob", "", &user), 0);
	assert_int_equal(user.uid, 1000);
	assert_int_equal(user.gid, 1000);
	assert_string_equal(user.home, "/home/bob");
	assert_int_equal(user.group_count, 2);
	assert_int_equal(user.groups[0], 1000);
	assert_int_equal(user.groups[1], 29);
	assert_int_equal(look("", "", &user), 0);
	assert_int_equal(user.uid, 0);
	assert_string_equal(user.home, "/root");
	assert_int_equal(look("last", "", &user), 0);
	assert_int_equal(user.uid, 6);
}

TEST(a_number_is_an_id_and_never_a_name)
{
	struct user user;

	assert_int_equal(look("1000", "", &user), 0);
	assert_int_equal(user.uid, 1000);
	assert_string_equal(user.home, "/home/bob");
	assert_int_equal(look("4711", "", &user), 0);
	assert_int_equal(user.uid, 4711);
	assert_int_equal(user.gid, 0);
	assert_string_equal(user.home, "/");
}

TEST(a_group_replaces_the_memberships_and_is_among_the_groups)
{
	struct user user;

	assert_int_equal(look("bob", "audio", &user), 0);
	assert_int_equal(user.gid, 29);
	assert_int_equal(user.group_count, 1);
	assert_int_equal(user.groups[0], 29);
	assert_int_equal(look("bob", "55", &user), 0);
	assert_int_equal(user.gid, 55);
	assert_int_equal(look("bob", "nosuch", &user), -ESRCH);
}

TEST(what_is_not_there_is_not_found)
{
	static const char *const names[] = {"nosuch", "big", "+0", " 0",
					    "-1",     "0x0", "bo", "broken"};
	struct user user;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(look(names[i], "", &user), -ENOENT);
	assert_int_equal(lookup(-EBADF, -EBADF, "bob", "", &user), -ENOENT);
	assert_int_equal(lookup(-EBADF, -EBADF, "", "", &user), 0);
	assert_string_equal(user.home, "/");
}

TEST(a_home_with_control_bytes_is_no_home)
{
	struct user user;

	assert_int_equal(look("odd", "", &user), 0);
	assert_string_equal(user.home, "/");
}

TEST(an_endless_line_is_skipped)
{
	auto_free char *text = mem_alloc(100000);
	struct user user;
	int fd;

	memset(text, 'x', 99970);
	memcpy(text + 99970, "\nbob:x:1:2::/h:\n", sizeof("\nbob:x:1:2::/h:\n"));
	fd = file(text);
	assert_int_equal(lookup(fd, -EBADF, "bob", "", &user), 0);
	assert_int_equal(user.gid, 2);
	(void)fd_close(fd);
}

TEST(the_child_reads_regular_files_of_the_root_only)
{
	char folder[] = "/tmp/kist-test-user-XXXXXX";
	auto_fd int root = -EBADF;
	struct error err = {0};
	struct user user;

	assert_non_null(mkdtemp(folder));
	root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(root, "etc", 0755), 0);
	assert_int_equal(user_resolve(root, "bob", NULL, &user, &err), -EINVAL);
	assert_string_equal(err.message,
			    "unable to find user bob: no matching entries in passwd file");
	error_release(&err);
	/* A FIFO would hang an open, the host's own file would leak. */
	assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
	assert_true(user_resolve(root, "bob", NULL, &user, NULL) < 0);
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("/etc/group", root, "etc/passwd"), 0);
	assert_true(user_resolve(root, "bob", NULL, &user, NULL) < 0);
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	{
		auto_fd int fd = openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		assert_int_equal(fd_write_full(fd, passwd, strlen(passwd)), 0);
	}
	assert_int_equal(user_resolve(root, "bob", NULL, &user, NULL), 0);
	assert_int_equal(user.uid, 1000);
	assert_int_equal(user_resolve(root, ":", NULL, &user, NULL), 0);
	assert_int_equal(user.uid, 0);
	assert_true(user_resolve(root, "2147483648", NULL, &user, &err) < 0);
	assert_non_null(strstr(err.message, "0-2147483647"));
	error_release(&err);
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	(void)rmdir(folder);
}

TEST(groups_are_added_by_name_and_by_number_behind_those_of_the_user)
{
	auto_fd int passwd_fd = file(passwd), group_fd = file(group);
	const struct user_query query = {
		.user = "bob", .group = "", .extra = {"video", "77", "root", "29"}};
	struct user user;
	uint32_t missing;

	assert_int_equal(user_lookup(passwd_fd, group_fd, &query, &user, &missing), 0);
	assert_int_equal(user.group_count, 5);
	assert_int_equal(user.groups[0], 1000);
	assert_int_equal(user.groups[1], 29);
	assert_int_equal(user.groups[2], 30);
	assert_int_equal(user.groups[3], 77);
	assert_int_equal(user.groups[4], 0);
}

TEST(a_group_to_add_that_is_not_there_is_named)
{
	auto_fd int passwd_fd = file(passwd), group_fd = file(group);
	const struct user_query query = {.user = "", .group = "bob", .extra = {"video", "nobody"}};
	struct user user;
	uint32_t missing = 0;

	assert_int_equal(user_lookup(passwd_fd, group_fd, &query, &user, &missing), -ENXIO);
	assert_int_equal(missing, 1);
}
