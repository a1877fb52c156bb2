#include "runtime/spawn-init.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/spawn.h"
#include "kern/process.h"
#include "runtime/mount-sources.h"
#include "spec/capability.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether a later one sets the same variable, which then counts. */
static bool is_set_again(char *const *variable)
{
	size_t len = strcspn(*variable, "=") + 1;

	for (char *const *other = variable + 1; *other; other++)
		if (strncmp(*variable, *other, len) == 0)
			return true;
	return false;
}

/* Each variable once; an empty HOME is none. */
static void copy_env(struct init *init, char **env)
{
	bool home = false;
	size_t n = 0;

	while (env[n])
		n++;
	init->env = mem_zero(n + 2, sizeof(*init->env));
	n = 0;
	for (char *const *variable = env; *variable; variable++) {
		if (is_set_again(variable) || STREQ(*variable, "HOME="))
			continue;
		home |= strncmp(*variable, "HOME=", 5) == 0;
		init->env[n++] = *variable;
	}
	init->home_slot = home ? NULL : &init->env[n];
}

static void copy_args(struct init *init, char **args)
{
	size_t n = 0;

	while (args[n])
		n++;
	init->argv = mem_zero(n + 3, sizeof(*init->argv));
	memcpy(init->argv + 2, args, n * sizeof(*args));
}

void init_clear(struct init *init)
{
	*init = (struct init) {.listen_fd = -EBADF,
			       .join_fd = -EBADF,
			       .console_fd = -EBADF,
			       .trampoline_fd = -EBADF,
			       .root_source = -EBADF,
			       .listener_fd = -EBADF,
			       .enter_fd = -EBADF,
			       .private_proc = -EBADF,
			       .label_proc = -EBADF};
	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++)
		init->namespace_fds[i] = -EBADF;
}

static void warn_of_ambient(const struct caps *caps, void (*warn)(const char *sentence))
{
	uint64_t cannot = caps->ambient & ~(caps->permitted & caps->inheritable);

	for (unsigned i = 0; cannot && warn && i < CAPABILITY_COUNT; i++) {
		auto_free char *sentence = NULL;

		if (!(cannot & UINT64_C(1) << i))
			continue;
		sentence = mem_printf("can't raise ambient capability %s: it is not permitted and "
				      "inheritable",
				      capability_name(i));
		warn(sentence);
	}
}

void init_prepare(struct init *init, const struct runtime_process *process,
		  void (*warn)(const char *sentence))
{
	const uint64_t *sets = process->capabilities;
	uint64_t all = 0, have;

	init->process = process;
	for (size_t i = 0; i < RUNTIME_CAPABILITY_SET_COUNT; i++)
		all |= sets[i];
	have = caps_bounded(all);
	if (have != all && warn)
		warn("some capabilities are not available here and were left out");
	init->caps = (struct caps) {
		.bounding = sets[RUNTIME_CAPABILITY_BOUNDING] & have,
		.effective = sets[RUNTIME_CAPABILITY_EFFECTIVE] & have,
		.permitted = sets[RUNTIME_CAPABILITY_PERMITTED] & have,
		.inheritable = sets[RUNTIME_CAPABILITY_INHERITABLE] & have,
		.ambient = sets[RUNTIME_CAPABILITY_AMBIENT] & have,
	};
	/* The kernel's rules: what is effective is permitted, what is ambient inheritable too. */
	init->caps.effective &= init->caps.permitted;
	warn_of_ambient(&init->caps, warn);
	init->caps.ambient &= init->caps.permitted & init->caps.inheritable;
	copy_env(init, process->env);
	copy_args(init, process->args);
}

void init_release(struct init *init)
{
	mem_freep(&init->env);
	mem_freep(&init->argv);
	init->trampoline_fd = fd_close(init->trampoline_fd);
	mem_freep(&init->deferred);
	mem_freep((void **)&init->filter);
	mount_sources_close(init);
	init->listener_fd = fd_close(init->listener_fd);
	for (size_t i = 0; i < ARRAY_SIZE(init->listener_text); i++)
		mem_freep((char **)&init->listener_text[i]);
	mem_freep((char **)&init->keyring);
	strv_release(&init->concealed);
	for (size_t i = 0; i < init->more_cgroup_count; i++)
		cgroup_release(&init->more_cgroups[i].cgroup);
	mem_freep(&init->more_cgroups);
	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++)
		init->namespace_fds[i] = fd_close(init->namespace_fds[i]);
	init->listen_fd = fd_close(init->listen_fd);
	init->join_fd = fd_close(init->join_fd);
}

/* What it takes to have a child in a user namespace that is there already. */
struct entering {
	struct init *init;
	uint64_t flags;
	int cgroup_fd;
	void *stack;
	struct clone_child started;
	int result;
};

/* A process between us and the child, which enters the namespace and has the child there, as a
 * sibling: our own privileges we keep. It shares memory and descriptors with us, who wait for it.
 */
static int enter_and_start(void *arg)
{
	struct entering *entering = arg;
	struct init *init = entering->init;

	entering->result = setns(init->enter_fd, init->enter_flags) < 0 ? -errno : 0;
	if (entering->result == 0)
		entering->result =
			clone_start(entering->flags | CLONE_PARENT, entering->cgroup_fd,
				    entering->stack, init_main, init, &entering->started);
	return 0;
}

static int start_inside(struct init *init, uint64_t flags, int cgroup_fd, void *stack,
			struct clone_child *ret)
{
	struct entering entering = {.init = init,
				    .flags = flags,
				    .cgroup_fd = cgroup_fd,
				    .stack = stack,
				    .result = -ECHILD};
	struct clone_child between;
	siginfo_t info;
	void *own;
	int r;

	own = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (own == MAP_FAILED)
		return -errno;
	r = clone_start(CLONE_VM | CLONE_FILES, -EBADF, own, enter_and_start, &entering, &between);
	if (r == 0) {
		while (waitid(P_PIDFD, (id_t)between.pid_fd, &info, WEXITED) < 0 && errno == EINTR)
			;
		(void)fd_close(between.pid_fd);
		r = entering.result;
	}
	(void)munmap(own, CLONE_STACK_SIZE);
	/* The one between may have been in another pid namespace, and known it by another number.
	 */
	if (r == 0)
		r = process_number(entering.started.pid_fd, &entering.started.pid);
	*ret = entering.started;
	return r;
}

static int start_child(struct init *init, uint64_t flags, int cgroup_fd, struct init_child *child)
{
	struct clone_child started;
	int r;

	if (!init->own_memory)
		flags |= CLONE_VM;
	if (init->enter_fd >= 0)
		r = start_inside(init, flags, cgroup_fd, child->stack, &started);
	else
		r = clone_start(flags, cgroup_fd, child->stack, init_main, init, &started);
	if (r < 0)
		return r;
	child->pid = started.pid;
	child->pid_fd = started.pid_fd;
	return 0;
}

int init_spawn(struct init *init, uint64_t flags, const struct cgroup *cgroup,
	       struct init_child *ret, struct error *err)
{
	auto_init_child child = {.pid_fd = -EBADF, .report_fd = -EBADF};
	auto_fd int cgroup_fd = -EBADF, child_end = -EBADF;
	int pair[2];
	int r;

	/* While it shares our memory and is on its way into the container, nobody there may look
	 * into it: its memory, its descriptors, its executable (CVE-2016-9962, CVE-2019-5736). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, errno, "protect the runtime's memory");
	init->trampoline_fd = trampoline_open();
	if (init->trampoline_fd < 0)
		return error_errno(err, init->trampoline_fd, "prepare the exec");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, errno, "make a socket pair");
	child.report_fd = pair[0];
	child_end = pair[1];
	init->report_fd = pair[1];
	init->parent_fd = pair[0];
	child.stack = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (child.stack == MAP_FAILED) {
		child.stack = NULL;
		return error_errno(err, errno, "make a stack");
	}
	if (cgroup)
		cgroup_fd = cgroup_unified_fd(cgroup);
	init->in_unified = cgroup_fd >= 0;
	r = start_child(init, flags, cgroup_fd, &child);
	if (r < 0 && cgroup_fd >= 0) {
		/* Before 5.7, or where the cgroup takes no process so: the child joins itself. */
		init->in_unified = false;
		r = start_child(init, flags, -EBADF, &child);
	}
	if (r < 0)
		return error_errno(err, r, "make the container's process");
	*ret = child;
	child = (struct init_child) {.pid_fd = -EBADF, .report_fd = -EBADF};
	return 0;
}

static int command_error(const struct init_message *message, struct error *err)
{
	int errnum = message->errnum;

	if (message->stage == INIT_FIND && errnum == ENOENT && !strchr(message->detail, '/'))
		return error_set(err, ERROR_COMMAND_NOT_FOUND,
				 "exec: \"%s\": executable file not found in $PATH",
				 message->detail);
	/* It is there; its interpreter is not. */
	if (message->stage == INIT_EXEC && errnum == ENOENT)
		return error_set(err, ERROR_COMMAND_NOT_FOUND, "exec %s: no such file or directory",
				 message->detail);
	if (errnum == ENOENT || errnum == ENOTDIR)
		return error_set(err, ERROR_COMMAND_NOT_FOUND, "exec: \"%s\": stat %s: %s",
				 message->detail, message->detail,
				 errnum == ENOENT ? "no such file or directory"
						  : "not a directory");
	if (errnum == EACCES || errnum == EPERM || errnum == EISDIR)
		return error_set(err, ERROR_COMMAND_NOT_EXECUTABLE,
				 "exec: \"%s\": permission denied", message->detail);
	if (errnum == ENOEXEC)
		return error_set(err, ERROR_COMMAND_NOT_EXECUTABLE, "exec %s: exec format error",
				 message->detail);
	return error_set(err, ERROR_COMMAND_NOT_EXECUTABLE, "exec: \"%s\": %s", message->detail,
			 strerror(errnum));
}

int init_error(const struct init_message *message, struct error *err)
{
	const char *text = message->stage >= 0 && message->stage < INIT_STAGE_COUNT
				   ? init_stage_text((enum init_stage)message->stage)
				   : "set up";
	const char *blank = message->detail[0] ? " " : "";

	if (message->stage == INIT_FIND || message->stage == INIT_EXEC)
		return command_error(message, err);
	if (message->stage == INIT_MOUNT_REFUSED)
		return error_set(err, ERROR_DENIED,
				 "container init: mount on %s is not allowed: nothing but a proc "
				 "file system belongs at or below /proc, and nothing at /",
				 message->detail);
	if (message->stage == INIT_HOOKS && message->detail[0])
		return error_set(err, ERROR_SYSTEM, "container init: %s", message->detail);
	if (message->stage == INIT_MOUNT_LINK)
		return error_set(
			err, ERROR_DENIED,
			"container init: %s must be mounted on ordinary directory, and the "
			"image has a symlink there",
			message->detail);
	if (message->stage == INIT_RLIMIT && message->errnum == EPERM)
		return error_set(err, ERROR_DENIED,
				 "container init: the limit %s cannot be raised above the hard "
				 "limit of the runtime's own process: that needs CAP_SYS_RESOURCE; "
				 "ask for less",
				 message->detail);
	return error_errno(err, message->errnum, "container init: %s%s%s", text, blank,
			   message->detail);
}

int init_receive(int report_fd, const char *command, struct init_message *ret, struct error *err)
{
	int32_t errnum;
	ssize_t n;

	do
		n = recv(report_fd, ret, sizeof(*ret), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, errno, "hear from the container's process");
	if (n == 0)
		return 0;
	if (n == sizeof(errnum)) {
		/* from the trampoline */
		memcpy(&errnum, ret, sizeof(errnum));
		*ret = (struct init_message) {.stage = INIT_EXEC, .errnum = -errnum};
		(void)snprintf(ret->detail, sizeof(ret->detail), "%s", command);
		return init_error(ret, err);
	}
	if (n != (ssize_t)sizeof(*ret))
		return error_set(err, ERROR_SYSTEM, "the container's process sent half a message");
	ret->detail[sizeof(ret->detail) - 1] = '\0';
	if ((ret->stage == INIT_READY || ret->stage == INIT_HOOKS) && ret->errnum == 0)
		return 1;
	return init_error(ret, err);
}

int init_child_wait(struct init_child *child)
{
	struct child process = {.pid = child->pid, .pid_fd = TAKE_FD(child->pid_fd)};
	int status, r;

	r = child_wait(&process, &status);
	return r < 0 ? r : status;
}

void init_child_kill(struct init_child *child)
{
	if (child->pid_fd < 0)
		return;
	(void)syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0);
	(void)!init_child_wait(child);
}

/* The stack of a child that lives on stays mapped: in the child's own memory once it executes, in
 * shared memory until then. */
void init_child_release(struct init_child *child)
{
	child->pid_fd = fd_close(child->pid_fd);
	child->report_fd = fd_close(child->report_fd);
}
