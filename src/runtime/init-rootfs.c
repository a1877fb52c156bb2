/* The part of the child that mounts: the root file system, and everything in it. */
#include "runtime/init.h"

#include "base/fd.h"
#include "kern/mount.h"
#include "kern/resolve.h"
#include "runtime/conceal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CGROUP_MOUNT "/sys/fs/cgroup"

/* What a destination is, before anything is mounted: "//proc/./x/../y" is "proc/y". */
static void clean_path(const char *path, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	while (*path) {
		size_t part;

		path += strspn(path, "/");
		part = strcspn(path, "/");
		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && buf[--len] != '/')
				;
		} else if (part > 0 && !(part == 1 && path[0] == '.') && len + part + 2 < size) {
			if (len > 0)
				buf[len++] = '/';
			memcpy(buf + len, path, part);
			len += part;
		}
		buf[len] = '\0';
		path += part;
	}
}

static bool is_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* The files of /proc that lxcfs and the like put something else on (as runc allows). */
static bool may_cover(const char *clean)
{
	static const char *const allowed[] = {
		"proc/cpuinfo",
		"proc/diskstats",
		"proc/meminfo",
		"proc/stat",
		"proc/swaps",
		"proc/uptime",
		"proc/loadavg",
		"proc/slabinfo",
		"proc/net/dev",
		"proc/sys/kernel/ns_last_pid",
		"proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (STREQ(allowed[i], clean))
			return true;
	return false;
}

/*
 * Nothing but a procfs may be mounted on /proc, and nothing but a few files below it: security
 * labels, masked paths and sysctls rely on it (CVE-2019-16884, CVE-2025-52881). The name is looked
 * at, and what it leads to, because an image can hold a symlink to it.
 */
static int check_target(struct init *init, const struct runtime_mount *mount, int root_fd,
			int target_fd, int tree_fd)
{
	auto_fd int proc_fd = -EBADF;
	struct stat target, proc;
	bool named, below;

	clean_path(mount->destination, init->path, sizeof(init->path));
	if (init->path[0] == '\0')
		return -EINVAL;
	named = STREQ(init->path, "proc");
	below = strncmp(init->path, "proc/", 5) == 0;
	if (below || (!named && is_proc(target_fd)))
		return may_cover(init->path) && mount->bind ? 0 : -EPERM;
	if (is_proc(tree_fd))
		return 0;
	proc_fd = resolve_open(root_fd, "proc", O_PATH);
	if (!named && proc_fd >= 0 && fstat(proc_fd, &proc) == 0 && fstat(target_fd, &target) == 0)
		named = proc.st_dev == target.st_dev && proc.st_ino == target.st_ino;
	return named ? -EPERM : 0;
}

/* A tmpfs takes on the mode of the directory it covers, unless told otherwise, as in runc. */
static int copy_mode(const struct runtime_mount *mount, int target_fd, int tree_fd)
{
	auto_fd int fd = -EBADF;
	struct stat st;

	for (char *const *option = mount->data; option && *option; option++)
		if (strncmp(*option, "mode=", 5) == 0)
			return 0;
	if (fstat(target_fd, &st) < 0)
		return -errno;
	fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, st.st_mode & 07777) < 0)
		return -errno;
	return 0;
}

static int change_tree(int tree_fd, const struct runtime_mount *mount, uint64_t set)
{
	/* The access time is one field: it is cleared whole, whatever is then set. */
	uint64_t clear = mount->clear & ~(set & ~(uint64_t)MOUNT_ATTR__ATIME);
	int r;

	r = mount_change(tree_fd, set, clear, 0, false);
	if (r == 0)
		r = mount_change(tree_fd, mount->set_recursive, mount->clear_recursive, 0, true);
	return r;
}

/* By what it led to, not by its name: a destination in the image can be a symlink to /dev, and then
 * it is the caller's directory that would get our nodes and lose its "ptmx". */
static void note_dev(struct init *init, const struct runtime_mount *mount, int root_fd, int tree_fd)
{
	auto_fd int dev_fd = resolve_open(root_fd, "dev", O_PATH | O_NOFOLLOW);
	struct stat dev, tree;

	if (dev_fd >= 0 && fstat(dev_fd, &dev) == 0 && fstat(tree_fd, &tree) == 0 &&
	    dev.st_dev == tree.st_dev && dev.st_ino == tree.st_ino)
		init->dev_bound = mount->bind;
}

static int attach(struct init *init, const struct runtime_mount *mount, int root_fd, int target_fd,
		  int tree_fd)
{
	int r;

	r = check_target(init, mount, root_fd, target_fd, tree_fd);
	if (r < 0)
		return init_fail(init, INIT_MOUNT_REFUSED, mount->destination, r);
	r = mount_attach(tree_fd, target_fd);
	if (r == 0)
		note_dev(init, mount, root_fd, tree_fd);
	if (r == 0)
		r = mount_change(tree_fd, 0, 0, mount->propagation, mount->propagation_recursive);
	return r < 0 ? init_fail(init, INIT_MOUNT, mount->destination, r) : 0;
}

/* The source: opened by the parent where it alone may, or has to give it other ids. */
static int clone_source(const struct init *init, const struct runtime_mount *mount)
{
	int *source = init->sources ? &init->sources[mount - init->config->mounts] : NULL;

	if (source && *source >= 0)
		return TAKE_FD(*source);
	return mount_clone_source(mount->source, mount->recursive, mount->nofollow_source);
}

/* A symlink is made again instead of mounted. Returns 1 if the source was none. */
static int copy_symlink(const struct runtime_mount *mount, int tree, int root_fd)
{
	auto_fd int parent = -EBADF;
	char target[4096], there[4096];
	const char *name;
	ssize_t n, have;

	n = readlinkat(tree, "", target, sizeof(target) - 1);
	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 1 : -errno;
	target[n] = '\0';
	parent = resolve_parent(root_fd, mount->destination, 0755, &name);
	if (parent < 0)
		return parent;
	if (symlinkat(target, parent, name) == 0)
		return 0;
	have = errno == EEXIST ? readlinkat(parent, name, there, sizeof(there)) : -1;
	return have == n && memcmp(there, target, (size_t)n) == 0 ? 0 : -EEXIST;
}

/* The place itself, even if it is a symlink. */
static int open_target_plain(int root_fd, const struct runtime_mount *mount)
{
	auto_fd int parent = -EBADF;
	const char *name;
	int fd;

	parent = resolve_parent(root_fd, mount->destination, 0755, &name);
	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_target(int root_fd, const struct runtime_mount *mount, const struct stat *source)
{
	int fd = -ENOENT;

	if (mount->nofollow_destination)
		fd = open_target_plain(root_fd, mount);
	if (fd != -ENOENT)
		return fd;
	if (S_ISDIR(source->st_mode))
		return resolve_directory(root_fd, mount->destination, 0755);
	return resolve_file(root_fd, mount->destination, 0644);
}

static int mount_bind(struct init *init, const struct runtime_mount *mount, int root_fd)
{
	auto_fd int tree = -EBADF, target = -EBADF;
	struct stat st;
	int r;

	tree = clone_source(init, mount);
	if (tree >= 0 && mount->copy_symlink) {
		r = copy_symlink(mount, tree, root_fd);
		if (r <= 0)
			return r < 0 ? init_fail(init, INIT_MOUNT, mount->destination, r) : 0;
	}
	if (tree < 0)
		return init_fail(init, INIT_MOUNT, mount->source, tree);
	if (fstat(tree, &st) < 0)
		return init_fail(init, INIT_MOUNT, mount->source, -errno);
	r = change_tree(tree, mount, mount->set);
	if (r < 0)
		return init_fail(init, INIT_MOUNT, mount->destination, r);
	target = open_target(root_fd, mount, &st);
	if (target < 0)
		return init_fail(init, INIT_MOUNT_TARGET, mount->destination, target);
	return attach(init, mount, root_fd, target, tree);
}

/* In a user namespace the kernel gives new ones to the owner of the namespace that they show. Then
 * it is the caller's that the container sees, with the options that were asked for. */
static int mount_kernel(const struct init *init, const struct runtime_mount *mount, int error)
{
	auto_fd int tree = -EBADF;
	int r;

	if (error != -EPERM || !init->user_namespace)
		return error;
	if (STREQ(mount->type, "sysfs"))
		tree = mount_clone(AT_FDCWD, "/sys", true);
	else if (STREQ(mount->type, "proc"))
		tree = mount_clone(AT_FDCWD, "/proc", true);
	else if (STREQ(mount->type, "mqueue"))
		tree = mount_clone(AT_FDCWD, "/dev/mqueue", true);
	else
		return error;
	if (tree < 0)
		return error;
	r = mount_change(tree, mount->set, 0, 0, true);
	return r < 0 ? r : TAKE_FD(tree);
}

static bool is_symlink(int root_fd, const char *path)
{
	auto_fd int fd = resolve_open(root_fd, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Where a tmpfs goes. One that covers nothing is for everybody, as tmpfs are, and its place says so
 * at the next start, when it is there already. */
static int open_tmpfs_target(int root_fd, const char *path)
{
	auto_fd int there = resolve_open(root_fd, path, O_PATH | O_DIRECTORY);
	auto_fd int target = -EBADF, made = -EBADF;

	if (there != -ENOENT)
		return resolve_directory(root_fd, path, 0755);
	target = resolve_directory(root_fd, path, 0755);
	if (target < 0)
		return target;
	made = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (made < 0 || fchmod(made, 01777) < 0)
		return -errno;
	return TAKE_FD(target);
}

static int mount_filesystem(struct init *init, const struct runtime_mount *mount, int root_fd)
{
	bool tmpfs = STREQ(mount->type, "tmpfs");
	bool kernel = STREQ(mount->type, "proc") || STREQ(mount->type, "sysfs");
	/* What is mounted inside a tmpfs needs its directories made: read-only comes at the end. */
	uint64_t set = tmpfs ? mount->set & ~(uint64_t)MOUNT_ATTR_RDONLY : mount->set;
	auto_fd int tree = -EBADF, target = -EBADF;
	const char *option;
	int r;

	/* An image whose /proc is a link would have it somewhere else, and no /proc. */
	if (kernel && is_symlink(root_fd, mount->destination))
		return init_fail(init, INIT_MOUNT_LINK, mount->destination, -ELOOP);
	target = tmpfs ? open_tmpfs_target(root_fd, mount->destination)
		       : resolve_directory(root_fd, mount->destination, 0755);
	if (target < 0)
		return init_fail(init, INIT_MOUNT_TARGET, mount->destination, target);
	tree = mount_new(mount->type, mount->source, mount->data, set, &option);
	if (tree < 0 && !option)
		tree = mount_kernel(init, mount, tree);
	if (tree < 0)
		return init_fail(init, INIT_MOUNT, option ? option : mount->destination, tree);
	r = mount_change(tree, mount->set_recursive, mount->clear_recursive, 0, true);
	if (r == 0 && tmpfs)
		r = copy_mode(mount, target, tree);
	if (r < 0)
		return init_fail(init, INIT_MOUNT, mount->destination, r);
	if (mount->copy_up) {
		r = init_copy_up(init, target, tree);
		if (r < 0)
			return r;
	}
	r = attach(init, mount, root_fd, target, tree);
	if (r == 0 && tmpfs && (mount->set & MOUNT_ATTR_RDONLY))
		init->deferred[init->deferred_count++] = TAKE_FD(tree);
	return r;
}

/* Shows the container its own cgroup of one hierarchy, at @name below @at_fd. */
static int bind_hierarchy(struct init *init, const struct runtime_mount *mount,
			  const struct cgroup_hierarchy *hierarchy, int target_fd)
{
	const char *name = hierarchy->unified ? "unified" : hierarchy->name;
	auto_fd int tree = -EBADF;
	int r;

	(void)snprintf(init->path, sizeof(init->path), CGROUP_MOUNT "/%s%s%s",
		       init->cgroup->v2 ? "" : name, init->cgroup->v2 ? "" : "/",
		       init->cgroup->path);
	tree = mount_clone(AT_FDCWD, init->path, false);
	if (tree < 0)
		return tree;
	r = change_tree(tree, mount, mount->set);
	return r < 0 ? r : mount_attach(tree, target_fd);
}

static int link_controllers(int fd, const char *name)
{
	char word[CGROUP_NAME_SIZE];

	if (!strchr(name, ','))
		return 0;
	for (const char *at = name; *at;) {
		size_t len = strcspn(at, ",");

		memcpy(word, at, len);
		word[len] = '\0';
		if (symlinkat(name, fd, word) < 0 && errno != EEXIST)
			return -errno;
		at += len + (at[len] == ',');
	}
	return 0;
}

static int mount_hierarchies(struct init *init, const struct runtime_mount *mount, int tree_fd)
{
	for (size_t i = 0; i < init->cgroup->n; i++) {
		const struct cgroup_hierarchy *hierarchy = &init->cgroup->hierarchies[i];
		const char *name = hierarchy->unified ? "unified" : hierarchy->name;
		auto_fd int target = -EBADF;
		int r;

		if (mkdirat(tree_fd, name, 0755) < 0)
			return -errno;
		target = openat(tree_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (target < 0)
			return -errno;
		r = bind_hierarchy(init, mount, hierarchy, target);
		if (r == 0)
			r = link_controllers(tree_fd, name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The cgroup file systems: the container's own cgroups and what is below them, nothing above. */
static int mount_cgroup(struct init *init, const struct runtime_mount *mount, int root_fd)
{
	static char *const options[] = {(char *)"mode=755", NULL};
	auto_fd int tree = -EBADF, target = -EBADF;
	int r;

	if (!init->cgroup)
		return init_fail(init, INIT_MOUNT, mount->destination, -ENODEV);
	target = resolve_directory(root_fd, mount->destination, 0755);
	if (target < 0)
		return init_fail(init, INIT_MOUNT_TARGET, mount->destination, target);
	if (init->cgroup->v2) {
		r = check_target(init, mount, root_fd, target, -EBADF);
		if (r < 0)
			return init_fail(init, INIT_MOUNT_REFUSED, mount->destination, r);
		r = bind_hierarchy(init, mount, &init->cgroup->hierarchies[0], target);
		return r < 0 ? init_fail(init, INIT_MOUNT, mount->destination, r) : 0;
	}
	tree = mount_new("tmpfs", "cgroup", options, mount->set & ~(uint64_t)MOUNT_ATTR_RDONLY,
			 NULL);
	if (tree < 0)
		return init_fail(init, INIT_MOUNT, mount->destination, tree);
	r = attach(init, mount, root_fd, target, tree);
	if (r < 0)
		return r;
	r = mount_hierarchies(init, mount, tree);
	if (r == 0)
		r = mount_change(tree, mount->set & MOUNT_ATTR_RDONLY, 0, 0, false);
	return r < 0 ? init_fail(init, INIT_MOUNT, mount->destination, r) : 0;
}

static int mount_all(struct init *init, int root_fd)
{
	for (size_t i = 0; i < init->config->mount_count; i++) {
		const struct runtime_mount *mount = &init->config->mounts[i];
		int r;

		if (mount->bind)
			r = mount_bind(init, mount, root_fd);
		else if (STREQ(mount->type, "cgroup") || STREQ(mount->type, "cgroup2"))
			r = mount_cgroup(init, mount, root_fd);
		else
			r = mount_filesystem(init, mount, root_fd);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The root file system as a mount of its own, in its place. Returns a descriptor of its root. */
static int attach_root(struct init *init)
{
	uint64_t propagation = init->config->rootfs_propagation;
	auto_fd int tree = -EBADF, target = -EBADF, slash = -EBADF;
	int r;

	/* No namespace of our own: the mounts are the caller's, the root a change of root only. */
	if (!init->config->namespaces[RUNTIME_NAMESPACE_MOUNT].present) {
		tree = open(init->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return tree < 0 ? -errno : TAKE_FD(tree);
	}
	/* Nothing of ours may reach the caller's mounts; theirs may reach us where that is asked
	 * for. */
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash < 0)
		return -errno;
	r = mount_change(slash, 0, 0, propagation == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE, true);
	if (r < 0)
		return r;
	if (init->root_source >= 0) {
		/* Its path may be closed to us; it need not be where it came from. */
		tree = TAKE_FD(init->root_source);
		r = mount_attach(tree, slash);
		return r < 0 ? r : TAKE_FD(tree);
	}
	tree = mount_clone(AT_FDCWD, init->rootfs, true);
	if (tree < 0)
		return tree;
	target = open(init->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return -errno;
	r = mount_attach(tree, target);
	return r < 0 ? r : TAKE_FD(tree);
}

static int move_root(struct init *init, int root_fd)
{
	int r = conceal_mounts(strv_argv(&init->concealed));

	return r < 0 ? r : mount_move_root(root_fd);
}

static int finish_root(struct init *init, int root_fd)
{
	const struct runtime_config *config = init->config;
	int r = 0;

	for (size_t i = 0; r == 0 && i < init->deferred_count; i++)
		r = mount_change(init->deferred[i], MOUNT_ATTR_RDONLY, 0, 0, false);
	if (r == 0 && config->rootfs_readonly &&
	    config->namespaces[RUNTIME_NAMESPACE_MOUNT].present)
		r = mount_change(root_fd, MOUNT_ATTR_RDONLY, 0, 0, false);
	if (r < 0)
		return init_fail(init, INIT_READONLY, "/", r);
	if (!config->namespaces[RUNTIME_NAMESPACE_MOUNT].present)
		r = mount_chroot(root_fd);
	else if (init->no_pivot)
		r = move_root(init, root_fd);
	else
		r = mount_pivot(root_fd);
	if (r < 0)
		return init_fail(init, INIT_PIVOT, init->rootfs, r);
	if (!config->namespaces[RUNTIME_NAMESPACE_MOUNT].present)
		return 0;
	if (config->rootfs_propagation)
		r = mount_change(root_fd, 0, 0, config->rootfs_propagation, false);
	return r < 0 ? init_fail(init, INIT_PIVOT, init->rootfs, r) : 0;
}

int init_rootfs(struct init *init)
{
	auto_fd int root_fd = -EBADF;
	int r;

	root_fd = attach_root(init);
	if (root_fd < 0)
		return init_fail(init, INIT_ROOTFS, init->rootfs, root_fd);
	r = mount_all(init, root_fd);
	if (r == 0)
		r = init_devices(init, root_fd);
	if (r == 0 && init->config->has_process) {
		/* Made as others do; where that cannot be, the change of directory says so. */
		int fd = resolve_directory(root_fd, init->config->process.cwd, 0755);

		(void)fd_close(fd);
	}
	if (r == 0)
		r = init_paths(init, root_fd);
	/* In the container's root, as others do it. */
	if (r == 0 && init->config->hooks[RUNTIME_HOOK_CREATE_CONTAINER].n > 0 &&
	    fchdir(root_fd) < 0)
		r = init_fail(init, INIT_HOOKS, NULL, -errno);
	if (r == 0)
		r = init_hooks(init, RUNTIME_HOOK_CREATE_CONTAINER);
	if (r == 0)
		r = finish_root(init, root_fd);
	return r;
}
