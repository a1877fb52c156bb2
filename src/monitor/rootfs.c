#include "monitor/rootfs.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS_MAX (OVERLAY_LOWER_MAX + 2)

/* Descriptors that live as long as the mount call. */
struct layers {
	int fds[FDS_MAX];
	size_t n;
};

static void layers_release(struct layers *layers)
{
	while (layers->n > 0)
		(void)fd_close(layers->fds[--layers->n]);
}

/* Names of our own store: not resolved inside any image. */
static int open_layer(struct layers *layers, const char *path, int *ret, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "open layer %s", path);
	layers->fds[layers->n++] = fd;
	*ret = fd;
	return 0;
}

static int mount_overlay(const struct monitor_options *options, int target_fd, struct error *err)
{
	CLEANUP(layers_release) struct layers layers = {0};
	struct overlay overlay = {
		.lower_count = options->lower.n,
		.upper = -EBADF,
		.work = -EBADF,
		.flags = options->is_volatile ? OVERLAY_VOLATILE : 0,
	};
	int lower[OVERLAY_LOWER_MAX];
	char why[OVERLAY_WHY_SIZE];
	int r = 0;

	if (options->lower.n > OVERLAY_LOWER_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "mount the root file system: the image has %zu layers, at most "
				 "%d can be mounted",
				 options->lower.n, OVERLAY_LOWER_MAX);
	for (size_t i = 0; r == 0 && i < options->lower.n; i++)
		r = open_layer(&layers, options->lower.v[i], &lower[i], err);
	if (r == 0 && options->upper)
		r = open_layer(&layers, options->upper, &overlay.upper, err);
	if (r == 0 && options->upper)
		r = open_layer(&layers, options->work, &overlay.work, err);
	if (r < 0)
		return r;
	overlay.lower = lower;
	r = overlay_mount(&overlay, target_fd, why);
	if (r < 0)
		return error_errno(err, r, "mount the root file system as an overlay%s%s%s",
				   *why ? " (" : "", why, *why ? ")" : "");
	return 0;
}

static int bind_rootfs(const char *path, int target_fd, struct error *err)
{
	auto_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_errno(err, errno, "open root file system %s", path);
	r = overlay_bind(fd, target_fd);
	if (r < 0)
		return error_errno(err, r, "mount root file system %s", path);
	return 0;
}

static int enter_namespace(struct rootfs *rootfs, struct error *err)
{
	rootfs->namespace_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	rootfs->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfs->namespace_fd < 0 || rootfs->root_fd < 0)
		return error_errno(err, errno, "open the mount namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, errno, "create a mount namespace");
	/* Slaves rather than private: what the machine unmounts is unmounted here as well, and
	 * nothing of ours goes back. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(err, errno, "separate the mount namespace");
	return 0;
}

/* By path, after the namespace was entered: a descriptor from before leads to the other one. */
static int open_target(const char *bundle)
{
	auto_fd int bundle_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (bundle_fd < 0)
		return -errno;
	if (mkdirat(bundle_fd, "rootfs", 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(bundle_fd, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int rootfs_mount(struct rootfs *rootfs, const struct monitor_options *options, struct error *err)
{
	auto_fd int target = -EBADF;
	int r;

	*rootfs = (struct rootfs) {.namespace_fd = -EBADF, .root_fd = -EBADF};
	if (options->lower.n == 0 && !options->rootfs)
		return 0;
	r = enter_namespace(rootfs, err);
	if (r < 0)
		return r;
	target = open_target(options->bundle);
	if (target < 0)
		return error_errno(err, target, "open %s/rootfs", options->bundle);
	if (options->rootfs)
		return bind_rootfs(options->rootfs, target, err);
	return mount_overlay(options, target, err);
}

void rootfs_leave(struct rootfs *rootfs)
{
	if (rootfs->namespace_fd >= 0 && setns(rootfs->namespace_fd, CLONE_NEWNS) == 0) {
		/* setns leads to the namespace's own root. */
		(void)!(fchdir(rootfs->root_fd) == 0 && chroot(".") == 0);
		(void)!chdir("/");
	}
	rootfs->namespace_fd = fd_close(rootfs->namespace_fd);
	rootfs->root_fd = fd_close(rootfs->root_fd);
}
