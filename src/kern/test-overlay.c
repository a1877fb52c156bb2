#include "kern/overlay.h"

#include "base/fd.h"
#include "base/str.h"
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit statuses of the children in which mounts are made. */
enum {
	CHILD_SKIP = 77,
};

#define CHECK(condition)                                                             \
	do {                                                                         \
		if (!(condition)) {                                                  \
			(void)fprintf(stderr, "%d: %s (%s)\n", __LINE__, #condition, \
				      strerror(errno));                              \
			exit(1);                                                     \
		}                                                                    \
	} while (0)

/* A kernel before 6.13 (EINVAL) or 6.5 (EOPNOTSUPP): fsconfig takes no descriptors. */
static void forbid_descriptors(unsigned errnum)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsconfig, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FSCONFIG_SET_FD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(code), code};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static int directory(const char *name)
{
	int fd;

	CHECK(mkdir(name, 0755) == 0 || errno == EEXIST);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static void put_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	(void)close(fd);
}

/* Runs @body in a mount namespace of its own, in an empty tmpfs. */
static void in_namespace(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0)
			_exit(CHILD_SKIP);
		CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		CHECK(mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0);
		CHECK(chdir("/tmp") == 0);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_SKIP) {
		print_message("mount namespaces need root\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void mount_two_layers(void)
{
	int lower[2] = {directory("top,with:odd \\name"), directory("bottom")};
	struct overlay overlay = {
		.lower = lower,
		.lower_count = 2,
		.upper = directory("upper"),
		.work = directory("work"),
		.flags = OVERLAY_VOLATILE,
	};
	char why[OVERLAY_WHY_SIZE];

	put_file("top,with:odd \\name/from-top");
	put_file("bottom/from-bottom");
	/* Twice: the mark of the first one must not be in the way. */
	for (int i = 0; i < 2; i++) {
		CHECK(overlay_mount(&overlay, directory("root"), why) == 0);
		CHECK(access("root/from-top", F_OK) == 0);
		CHECK(access("root/from-bottom", F_OK) == 0);
		put_file("root/new");
		CHECK(access("upper/new", F_OK) == 0);
		CHECK(umount("root") == 0);
		CHECK(access("work/work/incompat/volatile", F_OK) == 0);
	}
}

TEST(layers_lie_over_each_other_and_a_volatile_mount_can_be_repeated)
{
	in_namespace(mount_two_layers);
}

static void mount_two_layers_before_6_13(void)
{
	forbid_descriptors(EINVAL);
	mount_two_layers();
}

static void mount_two_layers_before_6_5(void)
{
	forbid_descriptors(EOPNOTSUPP);
	mount_two_layers();
}

TEST(a_kernel_that_takes_no_descriptors_gets_an_option_string)
{
	in_namespace(mount_two_layers_before_6_13);
	in_namespace(mount_two_layers_before_6_5);
}

static void mount_many(void)
{
	int lower[OVERLAY_LOWER_MAX + 1];
	struct overlay overlay = {.lower = lower, .upper = -EBADF, .work = -EBADF};
	char name[32], why[OVERLAY_WHY_SIZE];

	for (int i = 0; i <= OVERLAY_LOWER_MAX; i++) {
		(void)snprintf(name, sizeof(name), "layer%d", i);
		lower[i] = directory(name);
		(void)snprintf(name, sizeof(name), "layer%d/file%d", i, i);
		put_file(name);
	}
	overlay.lower_count = OVERLAY_LOWER_MAX;
	CHECK(overlay_mount(&overlay, directory("root"), why) == 0);
	CHECK(access("root/file0", F_OK) == 0);
	CHECK(access("root/file127", F_OK) == 0);
	CHECK(open("root/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EROFS);
	overlay.lower_count++;
	CHECK(overlay_mount(&overlay, directory("root"), why) == -E2BIG);
}

static void mount_many_by_string(void)
{
	forbid_descriptors(EOPNOTSUPP);
	mount_many();
}

TEST(as_many_layers_as_promised_are_mounted_and_no_more)
{
	in_namespace(mount_many);
	in_namespace(mount_many_by_string);
}

static void mount_one(void)
{
	int lower = directory("layer");
	struct overlay overlay = {
		.lower = &lower, .lower_count = 1, .upper = -EBADF, .work = -EBADF};
	char why[OVERLAY_WHY_SIZE];

	put_file("layer/file");
	CHECK(overlay_mount(&overlay, directory("root"), why) == 0);
	CHECK(access("root/file", F_OK) == 0);
	CHECK(open("root/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EROFS);
	put_file("layer/still-writable-outside");
}

TEST(a_single_layer_without_an_upper_is_a_read_only_clone)
{
	in_namespace(mount_one);
}

static void mount_nonsense(void)
{
	int lower[2] = {directory("a"), directory("b")};
	struct overlay overlay = {.lower = lower, .lower_count = 2, .upper = directory("upper")};
	char why[OVERLAY_WHY_SIZE];

	CHECK(mkdir("other", 0755) == 0);
	CHECK(mount("tmpfs", "other", "tmpfs", MS_RDONLY, NULL) == 0);
	overlay.upper = directory("other");
	overlay.work = directory("work");
	CHECK(overlay_mount(&overlay, directory("root"), why) < 0);
	CHECK(str_starts(why, "filesystem on ") && strchr(why, '\n') == NULL);
	CHECK(rmdir("root") == 0);
}

TEST(the_kernel_s_words_are_passed_on_and_nothing_is_mounted)
{
	in_namespace(mount_nonsense);
}
