#include "runtime/namespaces.h"

#include "base/fd.h"
#include "kern/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static const uint64_t namespace_flags[RUNTIME_NAMESPACE_COUNT] = {
	[RUNTIME_NAMESPACE_PID] = CLONE_NEWPID,	  [RUNTIME_NAMESPACE_NETWORK] = CLONE_NEWNET,
	[RUNTIME_NAMESPACE_MOUNT] = CLONE_NEWNS,  [RUNTIME_NAMESPACE_IPC] = CLONE_NEWIPC,
	[RUNTIME_NAMESPACE_UTS] = CLONE_NEWUTS,	  [RUNTIME_NAMESPACE_CGROUP] = CLONE_NEWCGROUP,
	[RUNTIME_NAMESPACE_USER] = CLONE_NEWUSER, [RUNTIME_NAMESPACE_TIME] = CLONE_NEWTIME,
};

static bool is_own_user_namespace(int proc_fd, const struct stat *other)
{
	struct stat own;

	return fstatat(proc_fd, "self/ns/user", &own, 0) == 0 && own.st_dev == other->st_dev &&
	       own.st_ino == other->st_ino;
}

bool namespaces_same_user(pid_t pid)
{
	auto_fd int proc_fd = procfs_open();
	char path[48];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%d/ns/user", pid);
	return proc_fd >= 0 && fstatat(proc_fd, path, &st, 0) == 0 &&
	       is_own_user_namespace(proc_fd, &st);
}

/* Nobody can enter the user namespace that he is in. */
static bool is_own(int fd)
{
	auto_fd int proc_fd = procfs_open();
	struct stat st;

	return proc_fd >= 0 && fstat(fd, &st) == 0 && is_own_user_namespace(proc_fd, &st);
}

static int open_one(struct init *init, size_t i, struct error *err)
{
	const char *path = init->config->namespaces[i].path;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "open the %s namespace %s",
				   runtime_namespace_name((enum runtime_namespace_kind)i), path);
	init->namespace_fds[i] = fd;
	if (ioctl(fd, NS_GET_NSTYPE) != (int)namespace_flags[i])
		return error_set(err, ERROR_INVALID, "config: %s is no %s namespace", path,
				 runtime_namespace_name((enum runtime_namespace_kind)i));
	if (i == RUNTIME_NAMESPACE_PID && setns(fd, CLONE_NEWPID) < 0)
		return error_errno(err, errno, "enter the pid namespace %s", path);
	if (i != RUNTIME_NAMESPACE_USER)
		return 0;
	if (is_own(fd)) {
		init->namespace_fds[i] = fd_close(fd);
		return 0;
	}
	init->user_namespace = true;
	init->enter_fd = fd;
	init->enter_flags = CLONE_NEWUSER;
	return 0;
}

int namespaces_open(struct init *init, uint64_t *ret_flags, struct error *err)
{
	const struct runtime_namespace *namespaces = init->config->namespaces;
	uint64_t flags = 0;
	int r;

	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++) {
		if (!namespaces[i].present)
			continue;
		/* Neither can be entered by a process that shares its memory. */
		init->own_memory |= i == RUNTIME_NAMESPACE_TIME;
		if (namespaces[i].path) {
			r = open_one(init, i, err);
			if (r < 0)
				return r;
			continue;
		}
		/* The cgroup namespace comes later, in the container's cgroup; the time namespace
		 * when its offsets are set. */
		if (i != RUNTIME_NAMESPACE_CGROUP && i != RUNTIME_NAMESPACE_TIME)
			flags |= namespace_flags[i];
		init->user_namespace |= i == RUNTIME_NAMESPACE_USER;
	}
	init->gate = init->user_namespace || init->config->net_device_count > 0;
	*ret_flags = flags;
	return 0;
}

int namespaces_to_join(const struct runtime_config *config)
{
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

	if (config->namespaces[RUNTIME_NAMESPACE_TIME].present)
		flags |= CLONE_NEWTIME;
	return flags;
}
