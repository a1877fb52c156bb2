/* The part of the child that makes /dev, and covers what is masked or read-only. */
#include "runtime/init.h"

#include "base/fd.h"
#include "kern/mount.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* OCI runtime 1.2, config-linux.md, "Default Devices" (console and ptmx excepted). */
static const struct runtime_device default_devices[] = {
	{.path = "/dev/null", .type = 'c', .major = 1, .minor = 3, .mode = 0666},
	{.path = "/dev/zero", .type = 'c', .major = 1, .minor = 5, .mode = 0666},
	{.path = "/dev/full", .type = 'c', .major = 1, .minor = 7, .mode = 0666},
	{.path = "/dev/random", .type = 'c', .major = 1, .minor = 8, .mode = 0666},
	{.path = "/dev/urandom", .type = 'c', .major = 1, .minor = 9, .mode = 0666},
	{.path = "/dev/tty", .type = 'c', .major = 5, .minor = 0, .mode = 0666},
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
};

static bool is_device(const struct stat *st, mode_t type, dev_t number)
{
	return (st->st_mode & S_IFMT) == type && (type == S_IFIFO || st->st_rdev == number);
}

/* What is there already must be the very device. */
static int make_node(int dir_fd, const char *name, const struct runtime_device *device)
{
	mode_t type = device->type == 'c' ? S_IFCHR : device->type == 'b' ? S_IFBLK : S_IFIFO;
	dev_t number = makedev(device->major, device->minor);
	struct stat st;

	if (mknodat(dir_fd, name, type | device->mode, number) < 0) {
		if (errno != EEXIST)
			return -errno;
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		return is_device(&st, type, number) ? 0 : -EEXIST;
	}
	if ((device->uid != 0 || device->gid != 0) &&
	    fchownat(dir_fd, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* Where no nodes can be made (user namespaces), the host's own is shown, if it is the very device.
 */
static int bind_node(int dir_fd, const char *name, const char *host,
		     const struct runtime_device *device)
{
	mode_t type = device->type == 'c' ? S_IFCHR : S_IFBLK;
	auto_fd int tree = -EBADF, target = -EBADF;
	struct stat st;

	if (device->type == 'p')
		return -EPERM;
	tree = mount_clone(AT_FDCWD, host, false);
	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0)
		return -errno;
	if (!is_device(&st, type, makedev(device->major, device->minor)))
		return -ENODEV;
	target = resolve_file(dir_fd, name, 0666);
	return target < 0 ? target : mount_attach(tree, target);
}

static int provide_node(const struct init *init, int dir_fd, const char *name, const char *host,
			const struct runtime_device *device)
{
	int r = init->user_namespace ? -EPERM : make_node(dir_fd, name, device);

	return r == -EPERM ? bind_node(dir_fd, name, host, device) : r;
}

static int make_configured(struct init *init, int root_fd)
{
	for (size_t i = 0; i < init->config->device_count; i++) {
		const struct runtime_device *device = &init->config->devices[i];
		size_t len = strnlen(device->path, sizeof(init->path) - 1);
		auto_fd int parent = -EBADF;
		const char *name;
		int r;

		/* "/dev/x/" is called "x". */
		while (len > 1 && device->path[len - 1] == '/')
			len--;
		memcpy(init->path, device->path, len);
		init->path[len] = '\0';
		/* That one is the link made above. */
		if (STREQ(init->path, "/dev/ptmx"))
			continue;
		parent = resolve_parent(root_fd, init->path, 0755, &name);
		r = parent < 0 ? parent : provide_node(init, parent, name, device->path, device);
		if (r < 0)
			return init_fail(init, INIT_DEVICE, name, r);
	}
	return 0;
}

static int make_links(int dev_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return -errno;
	if (access("/proc/kcore", F_OK) == 0 && symlinkat("/proc/kcore", dev_fd, "core") < 0 &&
	    errno != EEXIST)
		return -errno;
	if (unlinkat(dev_fd, "ptmx", 0) < 0 && errno != ENOENT)
		return -errno;
	return symlinkat("pts/ptmx", dev_fd, "ptmx") < 0 ? -errno : 0;
}

int init_devices(struct init *init, int root_fd)
{
	auto_fd int dev_fd = -EBADF;
	int r;

	/* The caller's own directory is left as it is. */
	if (init->dev_bound)
		return 0;
	/* An image whose /dev is a symlink could send nodes and links into a volume of the host's
	 * (CVE-2026-41579). */
	dev_fd = openat(root_fd, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dev_fd < 0 && errno == ENOENT)
		dev_fd = resolve_directory(root_fd, "dev", 0755);
	else if (dev_fd < 0)
		dev_fd = -errno;
	if (dev_fd < 0)
		return init_fail(init, INIT_DEVICE, "/dev", dev_fd);
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++) {
		const struct runtime_device *device = &default_devices[i];
		const char *name = device->path + strlen("/dev/");

		r = provide_node(init, dev_fd, name, device->path, device);
		if (r < 0)
			return init_fail(init, INIT_DEVICE, name, r);
	}
	/* While /dev can be written to: the terminal comes later. */
	if (init->console_fd >= 0) {
		auto_fd int console = resolve_file(dev_fd, "console", 0620);

		if (console < 0)
			return init_fail(init, INIT_DEVICE, "console", console);
	}
	r = make_links(dev_fd);
	if (r < 0)
		return init_fail(init, INIT_DEVICE, "/dev/ptmx", r);
	return make_configured(init, root_fd);
}

/* The real /dev/null of the host, wherever the container's leads (CVE-2025-31133). */
static int clone_null(void)
{
	auto_fd int fd = -EBADF;
	struct stat st;

	fd = mount_clone(AT_FDCWD, "/dev/null", false);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!is_device(&st, S_IFCHR, makedev(1, 3)))
		return -ENODEV;
	return TAKE_FD(fd);
}

/* Covers for masked paths: the null device, and one empty read-only tmpfs for all directories. */
struct covers {
	int null_fd;
	int empty_fd;
};

/* The first cover is attached itself, and cloned for the others: before Linux 6.15 a mount that is
 * attached nowhere cannot be cloned. */
static int cover(struct covers *covers, bool directory, int target)
{
	static char *const options[] = {(char *)"size=0k", NULL};
	int *fd = directory ? &covers->empty_fd : &covers->null_fd;
	auto_fd int tree = -EBADF;

	if (*fd >= 0) {
		tree = mount_clone(*fd, "", false);
		return tree < 0 ? tree : mount_attach(tree, target);
	}
	*fd = directory ? mount_new("tmpfs", "tmpfs", options,
				    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					    MOUNT_ATTR_NOEXEC,
				    NULL)
			: clone_null();
	return *fd < 0 ? *fd : mount_attach(*fd, target);
}

static int mask_path(struct covers *covers, int root_fd, const char *path)
{
	auto_fd int target = -EBADF;
	struct stat st;

	target = resolve_open(root_fd, path, O_PATH);
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return target;
	if (fstat(target, &st) < 0)
		return -errno;
	return cover(covers, S_ISDIR(st.st_mode), target);
}

static int make_readonly(int root_fd, const char *path)
{
	auto_fd int target = -EBADF, tree = -EBADF;
	int r;

	target = resolve_open(root_fd, path, O_PATH);
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return target;
	tree = mount_clone(target, "", true);
	if (tree < 0)
		return tree;
	r = mount_change(tree, MOUNT_ATTR_RDONLY, 0, 0, true);
	return r < 0 ? r : mount_attach(tree, target);
}

int init_paths(struct init *init, int root_fd)
{
	struct covers covers = {.null_fd = -EBADF, .empty_fd = -EBADF};
	int r = 0;

	for (char **path = init->config->readonly_paths; path && *path; path++) {
		r = make_readonly(root_fd, *path);
		if (r < 0)
			return init_fail(init, INIT_READONLY, *path, r);
	}
	for (char **path = init->config->masked_paths; r == 0 && path && *path; path++) {
		r = mask_path(&covers, root_fd, *path);
		if (r < 0)
			(void)init_fail(init, INIT_MASK, *path, r);
	}
	(void)fd_close(covers.null_fd);
	(void)fd_close(covers.empty_fd);
	return r;
}
