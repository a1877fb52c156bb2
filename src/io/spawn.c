#include "io/spawn.h"

#include "base/fd.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's numbers are staged from here, so that no move overwrites a descriptor still needed.
 */
#define STAGE_BASE  100
#define CHILD_STACK (64 * 1024)

/* Shared with the child, which runs in our memory until it executes (CLONE_VM | CLONE_VFORK). */
struct start {
	const struct spawn *spawn;
	pid_t parent;
	int error;
};

static int place_descriptors(const struct spawn *spawn)
{
	bool named[3] = {false};
	int null_fd, highest = 2;

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return -errno;
	for (size_t i = 0; i < spawn->fd_count; i++) {
		int from = spawn->fds[i].from >= 0 ? spawn->fds[i].from : null_fd;

		if (dup3(from, STAGE_BASE + (int)i, O_CLOEXEC) < 0 && from != STAGE_BASE + (int)i)
			return -errno;
	}
	for (int fd = 0; fd < 3; fd++)
		for (size_t i = 0; i < spawn->fd_count; i++)
			named[fd] |= spawn->fds[i].to == fd;
	/* null_fd may itself be 0, 1 or 2 when the caller came without standard streams. */
	for (int fd = 0; fd < 3; fd++) {
		if (named[fd])
			continue;
		if (fd == null_fd) {
			if (fcntl(fd, F_SETFD, 0) < 0)
				return -errno;
		} else if (dup2(null_fd, fd) < 0) {
			return -errno;
		}
	}
	for (size_t i = 0; i < spawn->fd_count; i++) {
		if (dup2(STAGE_BASE + (int)i, spawn->fds[i].to) < 0)
			return -errno;
		highest = MAX(highest, spawn->fds[i].to);
	}
	/* Between the named ones there may be descriptors of the caller's: all but the named are
	 * closed. */
	for (int fd = 3; fd <= highest; fd++) {
		bool wanted = false;

		for (size_t i = 0; i < spawn->fd_count; i++)
			wanted |= spawn->fds[i].to == fd;
		if (!wanted)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	if (syscall(SYS_close_range, (unsigned)highest + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	return 0;
}

static void reset_signals(void)
{
	/* Zeros are the kernel's default action. libc's own function refuses libc's own signals,
	 * which whoever started us may have left ignored. */
	const char action[64] = {0};
	sigset_t none;

	for (int sig = 1; sig < _NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)syscall(SYS_rt_sigaction, sig, action, NULL, _NSIG / 8);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_main(void *arg)
{
	static char *const default_env[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct start *start = arg;
	const struct spawn *spawn = start->spawn;

	if (spawn->flags & SPAWN_DIE_WITH_PARENT) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		/* A parent outside one's own pid namespace is called 0. */
		if (getppid() != (spawn->flags & SPAWN_NEW_PIDS ? 0 : start->parent))
			_exit(125);
	}
	reset_signals();
	if (spawn->flags & SPAWN_NEW_SESSION)
		(void)setsid();
	start->error = place_descriptors(spawn);
	if (start->error == 0) {
		char *const *env = spawn->env ? spawn->env : default_env;

		if (spawn->flags & SPAWN_BY_FD)
			(void)execveat(spawn->exec_fd, "", spawn->argv, env, AT_EMPTY_PATH);
		else
			(void)execve(spawn->path, spawn->argv, env);
		start->error = -errno;
	}
	_exit(125);
}

int spawn(const struct spawn *spawn, struct child *ret)
{
	auto_free char *stack = mem_alloc(CHILD_STACK);
	struct start start = {.spawn = spawn, .parent = getpid()};
	sigset_t all, old;
	int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
	int pid_fd = -EBADF;
	uintptr_t top = ((uintptr_t)stack + CHILD_STACK) & ~(uintptr_t)63;
	pid_t pid;
	int saved;

	assert(spawn->fd_count <= SPAWN_FDS_MAX);
	/* No handler of ours may run in the child while it shares our memory. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	if (spawn->flags & SPAWN_NEW_PIDS)
		flags |= CLONE_NEWPID;
	pid = clone(child_main, (void *)top, flags, &start, &pid_fd);
	saved = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return -saved;
	*ret = (struct child) {.pid = pid, .pid_fd = pid_fd};
	if (start.error < 0) {
		child_kill(ret);
		return start.error;
	}
	return 0;
}

int child_wait(struct child *child, int *ret_status)
{
	siginfo_t info = {0};
	int r;

	do
		r = waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	child->pid_fd = fd_close(child->pid_fd);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

void child_kill(struct child *child)
{
	int status;

	if (child->pid_fd < 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0);
	(void)!child_wait(child, &status);
}

int program_path(const char *name, char **ret)
{
	const char *folder = secure_getenv("KIST_LIBEXEC");
	char self[PATH_MAX];
	char *slash;
	ssize_t n;

	if (folder && *folder == '/') {
		*ret = mem_printf("%s/%s", folder, name);
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	*ret = mem_printf("%s/%s", self, name);
	return 0;
}
