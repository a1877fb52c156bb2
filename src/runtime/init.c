#include "runtime/init.h"

#include "base/fd.h"
#include "kern/keyring.h"
#include "kern/mount.h"
#include "kern/procfs.h"
#include "kern/scheduling.h"
#include "runtime/hooks.h"
#include "runtime/sysctl.h"
#include "runtime/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const stage_texts[INIT_STAGE_COUNT] = {
	[INIT_READY] = "start",
	[INIT_HOOKS] = "run the hooks",
	[INIT_GATE] = "wait for the runtime",
	[INIT_USER_NAMESPACE] = "become root in the user namespace",
	[INIT_TIME] = "make the time namespace",
	[INIT_KEYRING] = "make a session keyring (--no-new-keyring does without)",
	[INIT_COPY_UP] = "copy what is below the tmpfs",
	[INIT_SCHEDULING] = "set the",
	[INIT_LABEL] = "set the security label",
	[INIT_CGROUP] = "join the cgroup",
	[INIT_NAMESPACE] = "enter namespace",
	[INIT_SESSION] = "make a session",
	[INIT_TERMINAL] = "set up the terminal",
	[INIT_HOSTNAME] = "set the name of the host to",
	[INIT_LOOPBACK] = "bring up the loopback interface",
	[INIT_ROOTFS] = "prepare the root file system",
	[INIT_MOUNT] = "mount",
	[INIT_MOUNT_TARGET] = "open or make the mount point",
	[INIT_MOUNT_LINK] = "mount on",
	[INIT_MOUNT_REFUSED] = "mount on",
	[INIT_DEVICE] = "make the device",
	[INIT_MASK] = "mask",
	[INIT_READONLY] = "make read-only",
	[INIT_SYSCTL] = "set the sysctl",
	[INIT_OOM_SCORE] = "set the OOM score adjustment",
	[INIT_PIVOT] = "change the root to",
	[INIT_START] = "wait for start",
	[INIT_RLIMIT] = "set the limit",
	[INIT_CWD] = "change the working directory to",
	[INIT_USER] = "become the user",
	[INIT_CAPABILITIES] = "set the capabilities",
	[INIT_SECCOMP] = "load the seccomp filter",
	[INIT_FIND] = "find",
	[INIT_EXEC] = "execute",
};

const char *init_stage_text(enum init_stage stage)
{
	return stage_texts[stage];
}

int init_fail(struct init *init, enum init_stage stage, const char *detail, int r)
{
	init->stage = (int)stage;
	init->detail = detail;
	return r;
}

static int send_report(struct init *init, enum init_stage stage, int errnum, const char *detail)
{
	struct init_message message = {.stage = (int32_t)stage, .errnum = errnum};

	if (detail)
		(void)snprintf(message.detail, sizeof(message.detail), "%s", detail);
	return send(init->report_fd, &message, sizeof(message), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* We end with the parent until the container is whole; it may have ended before we asked. */
static int bind_to_parent(struct init *init)
{
	/* Its end is what counts, not what it may have sent already. */
	struct pollfd parent = {.fd = init->report_fd};

	init->parent_fd = fd_close(init->parent_fd);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (poll(&parent, 1, 0) != 0)
		return -EPIPE;
	return 0;
}

static int enter_namespaces(struct init *init)
{
	const struct runtime_namespace *cgroup =
		&init->config->namespaces[RUNTIME_NAMESPACE_CGROUP];

	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++) {
		/* The pid namespace was entered by the parent: it counts for children. The user
		 * namespace we were born in. */
		if (init->namespace_fds[i] < 0 || i == RUNTIME_NAMESPACE_PID ||
		    i == RUNTIME_NAMESPACE_USER)
			continue;
		if (setns(init->namespace_fds[i], 0) < 0)
			return init_fail(init, INIT_NAMESPACE, init->config->namespaces[i].path,
					 -errno);
	}
	/* Only now: the namespace's root is the cgroup we are in. */
	if (cgroup->present && !cgroup->path && unshare(CLONE_NEWCGROUP) < 0)
		return init_fail(init, INIT_NAMESPACE, "cgroup", -errno);
	return 0;
}

static int set_names(struct init *init)
{
	const char *host = init->config->hostname, *domain = init->config->domainname;

	if (host && *host && sethostname(host, strlen(host)) < 0)
		return init_fail(init, INIT_HOSTNAME, host, -errno);
	if (domain && *domain && setdomainname(domain, strlen(domain)) < 0)
		return init_fail(init, INIT_HOSTNAME, domain, -errno);
	return 0;
}

static int raise_loopback(struct init *init)
{
	const struct runtime_namespace *network =
		&init->config->namespaces[RUNTIME_NAMESPACE_NETWORK];
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	auto_fd int fd = -EBADF;

	if (!network->present || network->path)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return init_fail(init, INIT_LOOPBACK, NULL, -errno);
	return 0;
}

/* One that is nobody else's. In a user namespace the kernel may refuse it (the caller's /proc is
 * partly covered, the pid namespace is the caller's): then the caller's own, while it is there. */
static int open_private_proc(struct init *init)
{
	if (init->private_proc < 0)
		init->private_proc = procfs_private();
	if (init->private_proc == -EPERM && init->user_namespace)
		init->private_proc = procfs_open();
	return init->private_proc;
}

static int set_sysctls(struct init *init)
{
	const struct runtime_config *config = init->config;

	for (size_t i = 0; i < config->sysctl_count; i++) {
		int r = sysctl_path(config->sysctls[i].key, init->path, sizeof(init->path));

		if (r == 0)
			r = open_private_proc(init);
		if (r >= 0)
			r = procfs_write(r, init->path, config->sysctls[i].value);
		if (r < 0)
			return init_fail(init, INIT_SYSCTL, config->sysctls[i].key, r);
	}
	return 0;
}

static int set_oom_score(struct init *init)
{
	char text[16];
	int r;

	if (!init->process->has_oom_score_adj)
		return 0;
	/* The parent does it where we are root of a namespace only. */
	if (init->user_namespace)
		return 0;
	r = open_private_proc(init);
	(void)snprintf(init->path, sizeof(init->path), "%d/oom_score_adj", getpid());
	(void)snprintf(text, sizeof(text), "%d", init->process->oom_score_adj);
	if (r >= 0)
		r = procfs_write(r, init->path, text);
	return r < 0 ? init_fail(init, INIT_OOM_SCORE, text, r) : 0;
}

static int wait_for_hooks(struct init *init)
{
	char byte;

	if (!init->hooks)
		return 0;
	if (send_report(init, INIT_HOOKS, 0, NULL) < 0 || recv(init->report_fd, &byte, 1, 0) != 1)
		return init_fail(init, INIT_HOOKS, NULL, -EPIPE);
	return 0;
}

static int make_terminal(struct init *init)
{
	int r;

	if (init->console_fd < 0)
		return 0;
	r = terminal_make(init->console_fd, init->process, init->config != NULL,
			  init->console_ours);
	return r < 0 ? init_fail(init, INIT_TERMINAL, NULL, r) : 0;
}

int init_hooks(struct init *init, enum runtime_hook_kind kind)
{
	auto_error err = {0};
	int r;

	if (!init->config || init->config->hooks[kind].n == 0)
		return 0;
	/* The heap is ours alone while the parent waits. */
	if (kind == RUNTIME_HOOK_START_CONTAINER)
		r = hooks_run_inside(init->config, init->hook_state, init->env, init->trampoline_fd,
				     &err);
	else
		r = hooks_run(init->config, kind, init->hook_state, &err);
	if (r == 0)
		return 0;
	(void)snprintf(init->path, sizeof(init->path), "%s", err.message);
	return init_fail(init, INIT_HOOKS, init->path, r);
}

static int join_cgroup(struct init *init)
{
	int r = 0;

	if (init->cgroup && !init->in_cgroup)
		r = cgroup_join(init->cgroup, 0, init->in_unified);
	for (size_t i = 0; r == 0 && i < init->more_cgroup_count; i++) {
		const struct init_cgroup *more = &init->more_cgroups[i];

		r = cgroup_write(&more->cgroup, more->controller, "cgroup.procs", "0");
		if (r < 0)
			return init_fail(init, INIT_CGROUP, more->cgroup.path, r);
	}
	return r < 0 ? init_fail(init, INIT_CGROUP, init->cgroup->path, r) : 0;
}

static int set_up_container(struct init *init)
{
	int r;

	r = join_cgroup(init);
	if (r < 0)
		return r;
	r = enter_namespaces(init);
	if (r == 0)
		r = init_time_namespace(init);
	if (r == 0 && init->user_namespace && init->config->sysctl_count > 0)
		(void)open_private_proc(init);
	if (r == 0)
		r = init_label_open(init);
	if (r == 0)
		r = set_names(init);
	if (r == 0)
		r = raise_loopback(init);
	if (r == 0)
		r = wait_for_hooks(init);
	if (r == 0)
		r = init_rootfs(init);
	if (r == 0)
		r = set_sysctls(init);
	return r;
}

/* Enters all namespaces of a running container at once; the pid namespace was entered by the
 * parent. */
static int join_container(struct init *init)
{
	int r;

	r = join_cgroup(init);
	if (r < 0)
		return r;
	r = init_label_open(init);
	if (r < 0)
		return r;
	if (setns(init->join_fd, init->join_flags) < 0)
		return init_fail(init, INIT_NAMESPACE, "of the container", -errno);
	return 0;
}

/* While it waits to be started, and there may be an exec into it, it holds nothing of the host's.
 */
static void close_others(struct init *init)
{
	int *const wanted[] = {&init->listen_fd,   &init->report_fd,	&init->trampoline_fd,
			       &init->listener_fd, &init->private_proc, &init->label_proc};
	unsigned from = 3 + init->preserve_fds;

	for (;;) {
		unsigned next = UINT_MAX;

		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (*wanted[i] >= 0 && (unsigned)*wanted[i] >= from &&
			    (unsigned)*wanted[i] < next)
				next = (unsigned)*wanted[i];
		if (next > from)
			(void)syscall(SYS_close_range, from, next == UINT_MAX ? next : next - 1, 0);
		if (next == UINT_MAX)
			return;
		from = next + 1;
	}
}

/* A created container waits for `start` to connect; what goes wrong from then on is told to it. */
static int await_start(struct init *init)
{
	int fd;

	do
		fd = accept4(init->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return init_fail(init, INIT_START, NULL, -errno);
	(void)fd_close(init->listen_fd);
	init->report_fd = fd;
	return 0;
}

/* Ids mean something from now on. A change of identity takes the parent's bond away. */
static int become_root(struct init *init)
{
	if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return init_fail(init, INIT_USER_NAMESPACE, "setgroups", -errno);
	if (syscall(SYS_setresgid, 0, 0, 0) < 0)
		return init_fail(init, INIT_USER_NAMESPACE, "setgid", -errno);
	if (syscall(SYS_setresuid, 0, 0, 0) < 0)
		return init_fail(init, INIT_USER_NAMESPACE, "setuid", -errno);
	return bind_to_parent(init);
}

static int pass_gate(struct init *init)
{
	char byte;

	if (recv(init->report_fd, &byte, 1, 0) != 1)
		return init_fail(init, INIT_GATE, NULL, -EPIPE);
	return init->user_namespace ? become_root(init) : 0;
}

/* Where there are no keyrings, or those above us keep them from us, there is nothing to protect. */
static int join_keyring(struct init *init)
{
	int r = init->keyring ? keyring_join(init->keyring) : 0;

	return r < 0 && r != -ENOSYS && r != -EPERM ? init_fail(init, INIT_KEYRING, NULL, r) : 0;
}

static const unsigned long all_cpus[] = {[0 ... 15] = ~0UL};

static int run_stages(struct init *init)
{
	int r;

	r = bind_to_parent(init);
	if (r < 0)
		return r;
	if (init->gate) {
		r = pass_gate(init);
		if (r < 0)
			return r;
	}
	if (setsid() < 0)
		return init_fail(init, INIT_SESSION, NULL, -errno);
	r = join_keyring(init);
	if (r < 0)
		return r;
	/* Whoever pinned the runtime did not mean the container: all that its cpuset has. */
	if (!init->process->affinity_initial)
		(void)!scheduling_set_cpus(all_cpus, sizeof(all_cpus));
	init->umask = umask(0);
	r = init->config ? set_up_container(init) : join_container(init);
	if (r == 0)
		r = make_terminal(init);
	if (r == 0)
		r = set_oom_score(init);
	if (r == 0 && init->listen_fd >= 0)
		r = init_check_program(init);
	if (r < 0)
		return r;
	if (init->listen_fd >= 0 && prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return init_fail(init, INIT_START, NULL, -errno);
	r = send_report(init, INIT_READY, 0, NULL);
	if (r < 0)
		return r;
	if (init->listen_fd >= 0) {
		close_others(init);
		r = await_start(init);
		if (r < 0)
			return r;
	}
	return init_process(init);
}

int init_main(void *arg)
{
	struct init *init = arg;
	int r;

	r = run_stages(init);
	if (r >= 0)
		r = -EIO;
	(void)send_report(init, (enum init_stage)init->stage, -r, init->detail);
	return 125;
}
