#include "io/sandbox.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/seccomp-list.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nobody's: above what distributions give to users and to containers. Where this kist runs in a
 * user namespace itself and cannot have that, the overflow id. */
#define NOBODY_ID	1879048190u
#define NOBODY_FALLBACK 65534u

#define DESCRIPTORS_MAX 64
#define CAPABILITY_MAX	63

/* A worker is told which ids it has by the namespace it is in; glibc's wrappers would only add
 * their signalling of threads that we do not have. */
static int set_capabilities(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
		{.effective = (uint32_t)(effective >> 32),
		 .permitted = (uint32_t)(permitted >> 32)},
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int drop_bounding(uint64_t keep)
{
	for (int cap = 0; cap <= CAPABILITY_MAX; cap++) {
		if (keep & (UINT64_C(1) << cap) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		/* One more than this kernel knows. */
		return errno == EINVAL ? 0 : -errno;
	}
	return 0;
}

static int limit(int resource, rlim_t value)
{
	struct rlimit now;

	/* Without CAP_SYS_RESOURCE a limit can only go down; lower than asked for is as well. */
	if (getrlimit(resource, &now) < 0)
		return -errno;
	now.rlim_cur = now.rlim_max = MIN(now.rlim_max, value);
	return setrlimit(resource, &now) < 0 ? -errno : 0;
}

static int make_file(int folder_fd, const struct sandbox_file *file)
{
	const char *slash = strchr(file->path, '/');
	auto_free char *folder = NULL;
	auto_fd int fd = -EBADF;

	if (slash) {
		folder = mem_strndup(file->path, (size_t)(slash - file->path));
		if (mkdirat(folder_fd, folder, 0555) < 0 && errno != EEXIST)
			return -errno;
	}
	fd = openat(folder_fd, file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	return fd < 0 ? -errno : fd_write_full(fd, file->data, file->len);
}

/* A read-only folder of the sandbox's files and nothing else; a detached mount. */
static int make_folder(const struct sandbox *sandbox)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	auto_fd int context = -EBADF, folder = -EBADF;
	int r;

	context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_SET_STRING, "mode", sandbox->file_count ? "555" : "0", 0) <
		    0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	folder = fsmount(context, FSMOUNT_CLOEXEC,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (folder < 0)
		return -errno;
	for (size_t i = 0; i < sandbox->file_count; i++) {
		r = sandbox->files[i].data ? make_file(folder, &sandbox->files[i]) : 0;
		if (r < 0)
			return r;
	}
	if (mount_setattr(folder, "", AT_EMPTY_PATH, &read_only, sizeof(read_only)) < 0)
		return -errno;
	return TAKE_FD(folder);
}

/* A copy of the mount of @root_fd. What a layer says is a device is made as one, but nobody opens
 * it here, and nothing in there is a program. */
static int clone_folder(const struct sandbox *sandbox)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NOEXEC |
					      (sandbox->read_only ? MOUNT_ATTR_RDONLY : 0)};
	unsigned below = sandbox->recursive ? AT_RECURSIVE : 0;
	auto_fd int tree = -EBADF;

	tree = open_tree(sandbox->root_fd, "",
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | below);
	if (tree < 0 && errno != EINVAL)
		return -errno;
	/* It is detached already; before Linux 6.15 such a tree cannot be copied. */
	if (tree < 0)
		tree = fd_dup(sandbox->root_fd);
	if (tree < 0)
		return tree;
	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	return TAKE_FD(tree);
}

/* @tree is a mount that is attached nowhere yet. */
static int change_root(int tree)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(tree) < 0)
		return -errno;
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		return umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
	/* The root of an initramfs cannot be pivoted away from; it can be covered. */
	if (errno != EINVAL || chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

/* The descriptor still led to the caller's mounts, and by ".." to everything. */
static int reopen_root(int root_fd)
{
	auto_fd int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || dup3(fd, root_fd, O_CLOEXEC) < 0 ? -errno : 0;
}

static int become_nobody(bool see_users, struct error *err)
{
	/* Some distributions let only CAP_SYS_ADMIN make user namespaces. In a new one all
	 * capabilities are there again; outside, the bounding set has still to be emptied. */
	uint64_t needed = UINT64_C(1) << (see_users ? CAP_SETPCAP : CAP_SYS_ADMIN);
	unsigned id = NOBODY_ID;

	if (setgroups(0, NULL) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_errno(err, errno, "give up the groups of the caller");
	if (setresgid(id, id, id) < 0) {
		id = NOBODY_FALLBACK;
		if (setresgid(id, id, id) < 0)
			return error_errno(err, errno, "become group %u", id);
	}
	if (setresuid(id, id, id) < 0)
		return error_errno(err, errno, "become user %u", id);
	if (set_capabilities(needed, needed) < 0)
		return error_errno(err, errno, "keep a capability");
	if (!see_users && unshare(CLONE_NEWUSER) < 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "make a user namespace for a worker: this machine refuses it "
				 "(%s); allow it with sysctl user.max_user_namespaces",
				 strerror(errno));
	return 0;
}

/* Of all rights to files that Landlock's first version knows, reading below the root if there is
 * something to read, and nothing else. */
static int forbid_files(bool readable)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs =
						     (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE};
	auto_fd int ruleset = -EBADF, root = -EBADF;

	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	if (readable) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		rule.parent_fd = root;
		if (root < 0 || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
					&rule, 0) < 0)
			return -errno;
	}
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

static int limit_resources(const struct sandbox *sandbox)
{
	int r;

	r = limit(RLIMIT_DATA, sandbox->memory);
	if (r == 0)
		r = limit(RLIMIT_NOFILE,
			  sandbox->descriptors ? sandbox->descriptors : DESCRIPTORS_MAX);
	if (r == 0)
		r = limit(RLIMIT_CORE, 0);
	return r;
}

static int separate(const struct sandbox *sandbox, struct error *err)
{
	int flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
	auto_fd int tree = -EBADF;
	int r;

	if (geteuid() != 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "start a worker: images can be taken in by root only; run kist as "
				 "root");
	/* A folder can only be copied by the mount namespace that it is in: before we leave it. */
	tree = sandbox->root_fd < 0 ? make_folder(sandbox) : clone_folder(sandbox);
	if (tree < 0)
		return error_errno(err, tree, "make the root of a worker");
	if (unshare(flags | (sandbox->network ? 0 : CLONE_NEWNET)) < 0)
		return error_errno(err, errno, "make namespaces for a worker");
	r = change_root(tree);
	if (r == 0 && sandbox->root_fd >= 0)
		r = reopen_root(sandbox->root_fd);
	return r < 0 ? error_errno(err, r, "change the root of a worker") : 0;
}

int sandbox_enter(const struct sandbox *sandbox, struct error *err)
{
	uint64_t keep = sandbox->capabilities;
	pid_t parent = getppid();
	int r;

	(void)umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	r = separate(sandbox, err);
	if (r < 0)
		return r;
	if (keep == 0) {
		r = become_nobody(sandbox->see_users, err);
		if (r < 0)
			return r;
	}
	r = drop_bounding(keep);
	if (r == 0)
		r = set_capabilities(keep, keep);
	if (r < 0)
		return error_errno(err, r, "give up capabilities");
	/* A change of user id takes the death signal back. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		return error_set(err, ERROR_SYSTEM, "start a worker: its parent is gone");
	r = limit_resources(sandbox);
	if (r < 0)
		return error_errno(err, r, "limit the resources of a worker");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, errno, "set no_new_privs");
	r = sandbox->root_fd < 0 ? forbid_files(sandbox->file_count > 0) : 0;
	if (r < 0)
		return error_errno(err, r, "apply Landlock");
	r = sandbox->network ? seccomp_internet_apply() : 0;
	if (r == 0)
		r = seccomp_list_apply(sandbox->system_calls, sandbox->system_call_count);
	return r < 0 ? error_errno(err, r, "apply the system call filter of a worker") : 0;
}
