#include "kern/overlay.h"

#include "base/fd.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPTIONS_MAX 4096 /* mount(2) takes one page */

static int set_fd(int context, const char *key, int fd)
{
	return fsconfig(context, FSCONFIG_SET_FD, key, NULL, fd) < 0 ? -errno : 0;
}

static int set_string(int context, const char *key, const char *value)
{
	return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

/* 1: the kernel does not take descriptors, which the first layer shows. */
static int set_directories(const struct overlay *overlay, int context)
{
	int r = set_fd(context, "lowerdir+", overlay->lower[0]);

	/* Linux 6.5 to 6.12 want a path there; before, overlay knows no descriptors at all. */
	if (r == -EINVAL || r == -EBADF || r == -EOPNOTSUPP)
		return 1;
	for (size_t i = 1; r == 0 && i < overlay->lower_count; i++)
		r = set_fd(context, "lowerdir+", overlay->lower[i]);
	if (r == 0 && overlay->upper >= 0)
		r = set_fd(context, "upperdir", overlay->upper);
	if (r == 0 && overlay->upper >= 0)
		r = set_fd(context, "workdir", overlay->work);
	return r;
}

/* The kernel's own words, "e overlay: no upperdir": one message a read. */
static void read_why(int context, char *why)
{
	char *text = why;
	ssize_t n = read(context, why, OVERLAY_WHY_SIZE - 1);

	why[n > 0 ? n : 0] = '\0';
	if (n > 2 && (str_starts(why, "e ") || str_starts(why, "w ")))
		text = why + 2;
	if (str_starts(text, "overlay: "))
		text += strlen("overlay: ");
	memmove(why, text, strlen(text) + 1);
	why[strcspn(why, "\n")] = '\0';
}

/* 1: the kernel does not take descriptors. */
static int mount_by_descriptors(const struct overlay *overlay, int target_fd, char *why)
{
	auto_fd int context = -EBADF, mount_fd = -EBADF;
	int r;

	context = fsopen("overlay", FSOPEN_CLOEXEC);
	if (context < 0)
		return -errno;
	r = set_directories(overlay, context);
	if (r == 1)
		return r;
	if (r == 0)
		r = set_string(context, "source", "overlay");
	if (r == 0)
		r = set_string(context, "index", "off");
	if (r == 0)
		r = set_string(context, "metacopy", "off");
	if (r == 0 && (overlay->flags & OVERLAY_VOLATILE) &&
	    fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
		r = -errno;
	if (r == 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = -errno;
	if (r < 0) {
		read_why(context, why);
		return r;
	}
	mount_fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount_fd < 0 || move_mount(mount_fd, "", target_fd, "",
				       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int mount_by_option_string(const struct overlay *overlay, int target_fd)
{
	auto_str options = {0};
	char target[32];

	for (size_t i = 0; i < overlay->lower_count; i++)
		str_append_format(&options, "%s/proc/self/fd/%d",
				  i ? ":" : "lowerdir=", overlay->lower[i]);
	if (overlay->upper >= 0)
		str_append_format(&options, ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d",
				  overlay->upper, overlay->work);
	str_append(&options, ",index=off,metacopy=off");
	if (overlay->flags & OVERLAY_VOLATILE)
		str_append(&options, ",volatile");
	if (options.len >= OPTIONS_MAX)
		return -E2BIG;
	(void)snprintf(target, sizeof(target), "/proc/self/fd/%d", target_fd);
	return mount("overlay", target, "overlay", 0, options.data) < 0 ? -errno : 0;
}

/* The mark of a volatile mount, which the kernel refuses to mount over. The data it warns about are
 * gone or whole by then: the machine has not gone down since, or the upper directory has gone with
 * it. */
static int forget_volatile(int work)
{
	static const char *const path[] = {"work", "incompat", "volatile"};
	auto_fd int fd = fd_dup(work), parent = -EBADF;

	for (size_t i = 0; i < ARRAY_SIZE(path); i++) {
		int next = openat(fd, path[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			return errno == ENOENT ? 0 : -errno;
		(void)fd_close(parent);
		parent = fd;
		fd = next;
	}
	if (unlinkat(fd, "dirty", 0) < 0 && errno != ENOENT)
		return -errno;
	return unlinkat(parent, "volatile", AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int attach_clone(int source_fd, int target_fd, unsigned flags, unsigned attributes)
{
	struct mount_attr attr = {.attr_set = attributes};
	auto_fd int tree = -EBADF;

	tree = open_tree(source_fd, "",
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
	if (tree < 0)
		return -errno;
	if (attributes && mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)) < 0)
		return -errno;
	if (move_mount(tree, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
	    0)
		return -errno;
	return 0;
}

int overlay_bind(int source_fd, int target_fd)
{
	return attach_clone(source_fd, target_fd, AT_RECURSIVE, 0);
}

int overlay_mount(const struct overlay *overlay, int target_fd, char *why)
{
	int r;

	assert(overlay->lower_count > 0);
	*why = '\0';
	if (overlay->lower_count > OVERLAY_LOWER_MAX)
		return -E2BIG;
	/* The kernel refuses an overlay of one. */
	if (overlay->upper < 0 && overlay->lower_count == 1)
		return attach_clone(overlay->lower[0], target_fd, 0, MOUNT_ATTR_RDONLY);
	if ((overlay->flags & OVERLAY_VOLATILE) && overlay->upper >= 0) {
		r = forget_volatile(overlay->work);
		if (r < 0)
			return r;
	}
	r = mount_by_descriptors(overlay, target_fd, why);
	if (r == 1)
		r = mount_by_option_string(overlay, target_fd);
	return r;
}
