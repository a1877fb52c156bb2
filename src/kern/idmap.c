#include "kern/idmap.h"

#include "base/fd.h"
#include "kern/clone.h"
#include "kern/process.h"
#include "kern/procfs.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int idmap_write(pid_t pid, const char *file, const char *text)
{
	auto_fd int proc_fd = -EBADF;
	char path[64];

	proc_fd = procfs_open();
	if (proc_fd < 0)
		return proc_fd;
	(void)snprintf(path, sizeof(path), "%d/%s", pid, file);
	return procfs_write(proc_fd, path, text);
}

/* It is there to be the first process of a namespace, and does not outlive its parent. */
static int wait_to_be_killed(void *arg)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return 1;
	for (;;)
		(void)pause();
}

static int open_user_namespace(pid_t pid)
{
	auto_fd int proc_fd = -EBADF;
	char path[64];
	int fd;

	proc_fd = procfs_open();
	if (proc_fd < 0)
		return proc_fd;
	/* The last component is a magic link, which is what it is there for. */
	(void)snprintf(path, sizeof(path), "%d/ns/user", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int idmap_namespace(const char *uid_map, const char *gid_map)
{
	struct clone_child child;
	siginfo_t info;
	void *stack;
	int fd, r;

	stack = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	r = clone_start(CLONE_VM | CLONE_NEWUSER, -EBADF, stack, wait_to_be_killed, NULL, &child);
	if (r < 0) {
		(void)munmap(stack, CLONE_STACK_SIZE);
		return r;
	}
	r = idmap_write(child.pid, "uid_map", uid_map);
	if (r == 0)
		r = idmap_write(child.pid, "gid_map", gid_map);
	fd = r < 0 ? r : open_user_namespace(child.pid);
	(void)!process_signal(child.pid_fd, SIGKILL);
	while (waitid(P_PIDFD, (id_t)child.pid_fd, &info, WEXITED) < 0 && errno == EINTR)
		;
	(void)fd_close(child.pid_fd);
	(void)munmap(stack, CLONE_STACK_SIZE);
	return fd;
}
