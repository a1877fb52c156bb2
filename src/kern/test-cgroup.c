#include "kern/cgroup.h"

#include "base/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *test_path(char *buf, size_t size)
{
	(void)snprintf(buf, size, "/kist-unit-%d/leaf", getpid());
	return buf;
}

static void remove_parent(void)
{
	auto_cgroup parent = {0};
	char path[64];

	(void)snprintf(path, sizeof(path), "kist-unit-%d", getpid());
	assert_int_equal(cgroup_open(path, &parent), 0);
	assert_int_equal(cgroup_remove(&parent, 1000), 0);
}

static void need_root(void)
{
	if (geteuid() != 0 || access("/sys/fs/cgroup", W_OK) < 0) {
		print_message("needs root and writable cgroups\n");
		skip();
	}
}

TEST(paths_that_climb_or_name_nothing_are_refused)
{
	struct cgroup cgroup;

	assert_int_equal(cgroup_open("", &cgroup), -EINVAL);
	assert_int_equal(cgroup_open("/", &cgroup), -EINVAL);
	assert_int_equal(cgroup_open("a/../b", &cgroup), -EINVAL);
	assert_int_equal(cgroup_open("./a", &cgroup), -EINVAL);
}

TEST(a_cgroup_is_made_joined_killed_and_removed_everywhere)
{
	auto_cgroup cgroup = {0};
	char path[64];
	bool existed = true;
	uint64_t count = 1;
	int status;
	pid_t pid;

	need_root();
	assert_int_equal(cgroup_open(test_path(path, sizeof(path)), &cgroup), 0);
	assert_false(cgroup_exists(&cgroup));
	assert_int_equal(cgroup_create(&cgroup, &existed), 0);
	assert_false(existed);
	assert_true(cgroup_exists(&cgroup));
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(cgroup_join(&cgroup, pid, false), 0);
	assert_int_equal(cgroup_remove(&cgroup, 10), -EBUSY);
	assert_int_equal(cgroup_oom_count(&cgroup, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(cgroup_kill_all(&cgroup), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(cgroup_remove(&cgroup, 1000), 0);
	assert_false(cgroup_exists(&cgroup));
	assert_int_equal(cgroup_remove(&cgroup, 0), 0);
	remove_parent();
}

TEST(an_empty_parent_goes_and_one_in_use_stays)
{
	auto_cgroup one = {0}, other = {0};
	char path[64];

	need_root();
	assert_int_equal(cgroup_open(test_path(path, sizeof(path)), &one), 0);
	(void)snprintf(path, sizeof(path), "kist-unit-%d/other", getpid());
	assert_int_equal(cgroup_open(path, &other), 0);
	assert_int_equal(cgroup_create(&one, NULL), 0);
	assert_int_equal(cgroup_create(&other, NULL), 0);
	assert_int_equal(cgroup_remove(&one, 1000), 0);
	cgroup_remove_parent(&one);
	assert_true(cgroup_exists(&other));
	assert_int_equal(cgroup_remove(&other, 1000), 0);
	cgroup_remove_parent(&other);
	*strrchr(other.path, '/') = '\0';
	assert_false(cgroup_exists(&other));
	/* The root of all is nobody's parent to remove. */
	cgroup_remove_parent(&other);
}

static void remove_parents(const struct cgroup *cgroup)
{
	for (int i = 0; i < 20000; i++)
		cgroup_remove_parent(cgroup);
}

TEST(a_cgroup_is_made_while_others_remove_its_empty_parent)
{
	auto_cgroup cgroup = {0};
	char path[64];
	int status;
	pid_t pid;

	need_root();
	assert_int_equal(cgroup_open(test_path(path, sizeof(path)), &cgroup), 0);
	pid = fork();
	if (pid == 0) {
		remove_parents(&cgroup);
		_exit(0);
	}
	for (int i = 0; i < 200; i++) {
		bool existed = true;

		assert_int_equal(cgroup_create(&cgroup, &existed), 0);
		assert_false(existed);
		assert_int_equal(cgroup_remove(&cgroup, 1000), 0);
		cgroup_remove_parent(&cgroup);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	remove_parent();
}

TEST(no_path_is_the_root_of_a_hierarchy)
{
	auto_cgroup cgroup = {0};
	char path[64];

	need_root();
	assert_int_equal(cgroup_open(test_path(path, sizeof(path)), &cgroup), 0);
	assert_int_equal(cgroup_is_root(&cgroup, "memory"), -ENOENT);
	assert_int_equal(cgroup_create(&cgroup, NULL), 0);
	assert_int_equal(cgroup_is_root(&cgroup, "memory"), 0);
	assert_int_equal(cgroup_remove(&cgroup, 1000), 0);
	remove_parent();
	/* As cgroup_open() makes none. */
	(void)snprintf(cgroup.path, sizeof(cgroup.path), ".");
	assert_int_equal(cgroup_is_root(&cgroup, "memory"), 1);
}

TEST(a_process_in_a_frozen_cgroup_can_be_killed)
{
	auto_cgroup cgroup = {0};
	char path[64];
	int status;
	pid_t pid;

	need_root();
	assert_int_equal(cgroup_open(test_path(path, sizeof(path)), &cgroup), 0);
	assert_int_equal(cgroup_create(&cgroup, NULL), 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(cgroup_join(&cgroup, pid, false), 0);
	assert_int_equal(cgroup_freeze(&cgroup, true), 0);
	assert_int_equal(cgroup_frozen(&cgroup), 1);
	assert_int_equal(cgroup_kill_all(&cgroup), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(cgroup_remove(&cgroup, 1000), 0);
	remove_parent();
}

TEST(what_is_missing_says_so)
{
	auto_cgroup cgroup = {0};
	char path[64];

	need_root();
	assert_int_equal(cgroup_open(test_path(path, sizeof(path)), &cgroup), 0);
	assert_int_equal(cgroup_kill_all(&cgroup), 0);
	if (!cgroup.v2)
		assert_int_equal(cgroup_write(&cgroup, "nothing", "x", "1"), -ENODEV);
	assert_true(cgroup_write(&cgroup, "memory", "cgroup.procs", "0") < 0);
}
