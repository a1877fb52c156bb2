#include "runtime/launch.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "runtime/bundle.h"
#include "runtime/conceal.h"
#include "runtime/container.h"
#include "runtime/filter.h"
#include "runtime/foreground.h"
#include "runtime/gate.h"
#include "runtime/hooks.h"
#include "runtime/labels.h"
#include "runtime/lifecycle.h"
#include "runtime/listener.h"
#include "runtime/mount-sources.h"
#include "runtime/namespaces.h"
#include "runtime/pid-file.h"
#include "runtime/pidfd-socket.h"
#include "runtime/resources.h"
#include "runtime/spawn-init.h"
#include "runtime/sysctl.h"
#include "runtime/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_NAME    "start"
#define LISTEN_FDS_MAX 1024
/* How often `start` looks again for a container that is being created, every 10 ms. */
#define CREATION_ATTEMPTS 200
/* Setting up the container is charged to it, some 150 KiB. Killed in the middle of that for lack of
 * memory, it would take everybody along who shares its memory. */
#define SHARED_MEMORY_MIN (1024 * 1024)

/* Everything that belongs to one launch of a new container, released together. */
struct making {
	const struct launch *launch;
	struct bundle bundle;
	struct container container;
	struct cgroup cgroup;
	bool cgroup_made;
	bool wait; /* for `start` */
	struct init init;
	struct init_child child;
	struct str state;   /* for the hooks */
	char *shared_state; /* the same for a child with memory of its own; mapped; or NULL */
	size_t shared_size;
	struct console console;
	char listen_fds[24], listen_pid[16]; /* variables for the process */
};

/* On the heap, because the child uses it as well, on a stack of its own. */
static struct making *making_new(const struct launch *launch)
{
	struct making *making = mem_new(struct making);

	making->launch = launch;
	making->container.dir_fd = -EBADF;
	init_clear(&making->init);
	console_init(&making->console);
	making->child.pid_fd = -EBADF;
	making->child.report_fd = -EBADF;
	return making;
}

static void making_freep(struct making **pointer)
{
	struct making *making = *pointer;

	if (!making)
		return;
	init_child_release(&making->child);
	init_release(&making->init);
	console_release(&making->console);
	cgroup_release(&making->cgroup);
	container_release(&making->container);
	bundle_release(&making->bundle);
	str_release(&making->state);
	if (making->shared_state)
		(void)munmap(making->shared_state, making->shared_size);
	mem_freep(pointer);
}

#define auto_making CLEANUP(making_freep) struct making

/* Takes back what was made, after a failure. */
static void undo(struct making *making)
{
	init_child_kill(&making->child);
	if (making->cgroup_made) {
		(void)!cgroup_kill_all(&making->cgroup);
		(void)!cgroup_remove(&making->cgroup, 5000);
	}
	if (making->container.dir_fd >= 0)
		(void)!container_remove(making->launch->root_fd, &making->container, NULL);
}

static int found_process(pid_t pid, void *arg)
{
	return 1;
}

static bool is_refused(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

/* Without privileges, and nobody asked for a certain cgroup: it runs in ours, without limits. */
static int without_cgroup(struct making *making, struct error *err)
{
	const struct runtime_resources *resources = &making->bundle.config.resources;

	if (resources->memory_limit.set || resources->cpu_quota.set || resources->cpu_shares.set ||
	    resources->pids_limit.value > 0 || resources->cpus || resources->unified_count > 0)
		return error_set(err, ERROR_DENIED,
				 "rootless needs no limits + no cgrouppath when no permission is "
				 "granted for cgroups: the cgroup %s could not be made",
				 making->container.cgroup);
	cgroup_release(&making->cgroup);
	return 0;
}

static int make_cgroup(struct making *making, struct error *err)
{
	const struct runtime_config *config = &making->bundle.config;
	bool existed;
	int r;

	if (!container_has_cgroup(&making->container))
		return 0;
	r = cgroup_open(making->container.cgroup, &making->cgroup);
	if (r < 0)
		return error_errno(err, r, "use the cgroup %s", making->container.cgroup);
	r = cgroup_create(&making->cgroup, &existed);
	if (is_refused(r) && !(config->cgroups_path && *config->cgroups_path))
		return without_cgroup(making, err);
	if (r < 0)
		return error_errno(err, r, "make the cgroup %s", making->container.cgroup);
	making->cgroup_made = !existed;
	if (existed && cgroup_pids(&making->cgroup, found_process, NULL) == 1)
		return error_set(err, ERROR_CONFLICT,
				 "container's cgroup is not empty: %s has processes in it already",
				 making->container.cgroup);
	if (existed && cgroup_frozen(&making->cgroup) == 1)
		return error_set(err, ERROR_CONFLICT, "container's cgroup unexpectedly frozen: %s",
				 making->container.cgroup);
	making->init.cgroup = &making->cgroup;
	making->init.in_cgroup = making->init.user_namespace;
	r = resources_apply_devices(&making->cgroup, &config->resources, err);
	return r < 0 ? r : resources_apply(&making->cgroup, &config->resources, err);
}

/* The socket that `start` connects to, in a folder of ours whose path may be long. */
static int listen_for_start(struct making *making, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd int fd = -EBADF;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
		       making->container.dir_fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		return error_errno(err, errno, "make the socket of container %s",
				   making->container.id);
	making->init.listen_fd = TAKE_FD(fd);
	return 0;
}

/* What `start` and `delete` have to do must not depend on what becomes of the bundle. */
static bool needs_copy(const struct runtime_config *config)
{
	return config->hooks[RUNTIME_HOOK_POSTSTART].n > 0 ||
	       config->hooks[RUNTIME_HOOK_POSTSTOP].n > 0 ||
	       !config->namespaces[RUNTIME_NAMESPACE_MOUNT].present;
}

static int make_record(struct making *making, struct error *err)
{
	const struct launch *launch = making->launch;
	const struct runtime_config *config = &making->bundle.config;
	auto_free char *copy = needs_copy(config) ? json_text(config->root) : NULL;
	struct container_record record = {
		.command = config->process.args[0],
		.copy = copy,
		.bundle = making->bundle.path,
		.rootfs = making->bundle.rootfs,
		.config = making->launch->config ? making->bundle.file : NULL,
		.cgroup = launch->no_cgroup				  ? ""
			  : config->cgroups_path && *config->cgroups_path ? config->cgroups_path
									  : launch->id,
		.annotations = config->annotations,
	};

	return container_make(launch->root_fd, launch->id, &record, &making->container, err);
}

/* Sockets that a service manager gave us are the container's (sd_listen_fds(3)). */
static void pass_listeners(struct making *making)
{
	struct runtime_process *process = &making->bundle.config.process;
	const char *text = getenv("LISTEN_FDS");
	size_t n = 0;
	uint32_t count;

	if (!text || parse_u32(text, 1, LISTEN_FDS_MAX, &count) < 0)
		return;
	making->init.preserve_fds += count;
	(void)snprintf(making->listen_fds, sizeof(making->listen_fds), "LISTEN_FDS=%u", count);
	while (process->env[n])
		n++;
	process->env = mem_resize(process->env, (n + 3) * sizeof(*process->env));
	process->env[n] = making->listen_fds;
	process->env[n + 1] = making->listen_pid;
	process->env[n + 2] = NULL;
	(void)snprintf(making->listen_pid, sizeof(making->listen_pid), "LISTEN_PID=1");
}

static int prepare_init(struct making *making, struct error *err)
{
	const struct runtime_config *config = &making->bundle.config;
	struct init *init = &making->init;
	void *filter;
	int r;

	init->config = config;
	init->rootfs = making->bundle.rootfs;
	init->preserve_fds = making->launch->preserve_fds;
	pass_listeners(making);
	init->deferred = mem_zero(config->mount_count, sizeof(*init->deferred));
	init->hooks = config->hooks[RUNTIME_HOOK_PRESTART].n > 0 ||
		      config->hooks[RUNTIME_HOOK_CREATE_RUNTIME].n > 0 ||
		      config->hooks[RUNTIME_HOOK_CREATE_CONTAINER].n > 0 ||
		      config->hooks[RUNTIME_HOOK_START_CONTAINER].n > 0;
	init->no_pivot = making->launch->no_pivot;
	if (init->no_pivot) {
		r = conceal_find(init->rootfs, &init->concealed);
		if (r < 0)
			return error_errno(err, r, "read /proc/self/mountinfo");
	}
	init->own_memory = config->resources.memory_limit.value > 0 &&
			   config->resources.memory_limit.value < SHARED_MEMORY_MIN;
	init->memory_policy = &config->memory_policy;
	init->has_personality = config->has_personality;
	init->personality = config->personality;
	if (!making->launch->keyring)
		init->keyring = mem_printf("_ses.%s", making->launch->id);
	init_prepare(init, &config->process, making->launch->warn);
	if (!config->seccomp)
		return 0;
	r = filter_prepare(making->launch->root_fd, config->seccomp, &filter, &init->filter_len,
			   err);
	if (r < 0)
		return r;
	init->filter = filter;
	init->filter_flags = config->seccomp->flags;
	return 0;
}

static int run_first_hooks(struct making *making, struct error *err)
{
	const struct runtime_config *config = &making->bundle.config;
	int r;

	str_clear(&making->state);
	/* The deprecated ones belong to `start`, where the container is created already. */
	container_write_state(&making->container, CONTAINER_CREATED, making->child.pid, 0, false,
			      &making->state);
	r = hooks_run(config, RUNTIME_HOOK_PRESTART, str_text(&making->state), err);
	str_clear(&making->state);
	container_write_state(&making->container, CONTAINER_CREATING, making->child.pid, 0, false,
			      &making->state);
	if (r == 0)
		r = hooks_run(config, RUNTIME_HOOK_CREATE_RUNTIME, str_text(&making->state), err);
	if (r < 0)
		return r;
	if (making->shared_state)
		(void)snprintf(making->shared_state, making->shared_size, "%s",
			       str_text(&making->state));
	else
		making->init.hook_state = str_text(&making->state);
	if (send(making->child.report_fd, "", 1, MSG_NOSIGNAL) != 1)
		return error_errno(err, errno, "tell the container's process to go on");
	return 0;
}

/* Why a child that said nothing ended. */
static int explain_death(struct making *making, struct error *err)
{
	uint64_t kills = 0;

	if (cgroup_oom_count(&making->cgroup, &kills) == 0 && kills > 0)
		return error_set(err, ERROR_EXHAUSTED,
				 "container init was OOM-killed: the memory limit of container %s "
				 "is too low to start it",
				 making->container.id);
	return error_set(err, ERROR_SYSTEM, "the process of container %s died while it was set up",
			 making->container.id);
}

/* Waits until the child is set up. */
static int await_ready(struct making *making, struct error *err)
{
	struct init_message message;
	int r;

	for (;;) {
		r = init_receive(making->child.report_fd, making->bundle.config.process.args[0],
				 &message, err);
		if (r < 0)
			return r;
		if (r == 0)
			return explain_death(making, err);
		if (message.stage == INIT_READY)
			return 0;
		r = run_first_hooks(making, err);
		if (r < 0)
			return r;
	}
}

/* A page that both see, big enough whatever the process id will be. */
static int share_state(struct making *making, struct error *err)
{
	void *page;

	if (!making->init.own_memory || !making->init.hooks)
		return 0;
	container_write_state(&making->container, CONTAINER_CREATING, INT_MAX, 0, false,
			      &making->state);
	making->shared_size = making->state.len + 1;
	page = mmap(NULL, making->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (page == MAP_FAILED)
		return error_errno(err, errno, "share the state with the container's process");
	making->shared_state = page;
	making->init.hook_state = page;
	return 0;
}

/* The stages by the names that people who know runc look for. */
static void say(const struct launch *launch, const char *sentence)
{
	if (launch->debug)
		launch->debug(sentence);
}

static int make_process(struct making *making, struct error *err)
{
	uint64_t flags = 0;
	int r;

	r = prepare_init(making, err);
	if (r == 0)
		r = namespaces_open(&making->init, &flags, err);
	if (r == 0)
		r = mount_sources_open(&making->init, err);
	if (r == 0)
		r = make_record(making, err);
	if (r == 0 && making->wait)
		r = listen_for_start(making, err);
	if (r == 0)
		r = make_cgroup(making, err);
	if (r == 0)
		r = terminal_connect(making->launch->console_socket, &making->bundle.config.process,
				     making->wait || making->launch->detach ? NULL
									    : &making->console,
				     &making->init.console_fd, err);
	if (r == 0)
		r = listener_prepare(&making->init, making->bundle.config.seccomp,
				     &making->container, CONTAINER_CREATING, err);
	if (r == 0)
		r = share_state(making, err);
	making->init.console_ours = making->console.socket_fd >= 0;
	say(making->launch, "nsexec container setup: the process is made with its namespaces");
	if (r == 0)
		r = init_spawn(&making->init, flags, making->init.cgroup, &making->child, err);
	return r < 0 ? r : gate_open(&making->init, &making->child, err);
}

static int check_launch(const struct making *making, struct error *err)
{
	int r = container_check_id(making->launch->id, err);

	if (r == 0 && !making->bundle.config.has_process)
		r = error_set(err, ERROR_INVALID, "config: process is missing");
	if (r == 0)
		r = labels_check_config(&making->bundle.config, err);
	return r < 0 ? r : sysctl_check(&making->bundle.config, err);
}

static int create_container(struct making *making, struct error *err)
{
	const struct launch *launch = making->launch;
	int r;

	r = bundle_open(launch->bundle ? launch->bundle : ".", launch->config, &making->bundle,
			err);
	if (r == 0)
		r = check_launch(making, err);
	if (r == 0)
		r = make_process(making, err);
	if (r == 0)
		r = await_ready(making, err);
	if (r == 0) {
		say(launch, "child process in init(): the container is set up");
		say(launch, "init: closing the pipe to signal completion");
	}
	return r;
}

/* As far as `start`: the socket has to be there before the process is. */
int launch_create(const struct launch *launch, struct error *err)
{
	auto_making *making = making_new(launch);
	int r;

	making->wait = true;
	r = create_container(making, err);
	if (r == 0)
		r = container_write_pid(&making->container, making->child.pid, err);
	if (r == 0)
		r = pid_file_write(launch->pid_file, making->child.pid, err);
	if (r == 0)
		r = pidfd_socket_send(launch->pidfd_socket, making->child.pid_fd, err);
	if (r < 0) {
		undo(making);
		return r;
	}
	/* The child waits with all this in its memory, which is ours until we exit. */
	(void)TAKE_PTR(making);
	return 0;
}

static int run_poststart(const struct runtime_config *config, const struct container *container,
			 struct error *err)
{
	auto_str state = {0};

	if (config->hooks[RUNTIME_HOOK_POSTSTART].n == 0)
		return 0;
	container_write_state(container, CONTAINER_RUNNING, container->pid, 0, false, &state);
	return hooks_run(config, RUNTIME_HOOK_POSTSTART, str_text(&state), err);
}

/* The end of the connection: the program runs. */
static int await_exec(int report_fd, const char *command, struct error *err)
{
	struct init_message message;
	int r;

	r = init_receive(report_fd, command, &message, err);
	if (r > 0)
		return error_set(err, ERROR_SYSTEM, "the container's process spoke out of turn");
	return r;
}

static int start_console(struct making *making, struct error *err)
{
	int r = making->console.socket_fd >= 0 ? console_start(&making->console) : 0;

	return r < 0 ? error_errno(err, r, "take over the terminal") : 0;
}

static int start_run(struct making *making, struct error *err)
{
	int r;

	r = create_container(making, err);
	if (r == 0)
		r = start_console(making, err);
	if (r == 0)
		r = await_exec(making->child.report_fd, making->container.command, err);
	if (r == 0)
		r = container_write_pid(&making->container, making->child.pid, err);
	if (r == 0)
		r = run_poststart(&making->bundle.config, &making->container, err);
	if (r == 0)
		r = pid_file_write(making->launch->pid_file, making->child.pid, err);
	if (r == 0)
		r = pidfd_socket_send(making->launch->pidfd_socket, making->child.pid_fd, err);
	return r;
}

int launch_run(const struct launch *launch, int *ret_status, struct error *err)
{
	auto_making *making = making_new(launch);
	int r;

	r = start_run(making, err);
	if (r < 0) {
		undo(making);
		if (making->console.master_fd >= 0)
			console_drain(&making->console);
		return r;
	}
	*ret_status = 0;
	if (launch->detach)
		return 0;
	r = foreground_wait(making->child.pid_fd, &making->console);
	console_release(&making->console);
	making->child.pid_fd = fd_close(making->child.pid_fd);
	if (r < 0)
		return error_errno(err, r, "wait for container %s", launch->id);
	*ret_status = r;
	return launch->keep
		       ? 0
		       : lifecycle_delete(launch->root_fd, launch->id, true, launch->warn, err);
}

/* `create` may be at work still: it has taken the name, and is about to be done. */
static void await_creation(struct container *container, int root_fd)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	for (int i = 0; i < CREATION_ATTEMPTS && container->pid == 0; i++) {
		auto_container again = {.dir_fd = -EBADF};

		(void)nanosleep(&pause, NULL);
		if (container_load(root_fd, container->id, &again, NULL) < 0)
			return;
		container->pid = again.pid;
		container->start_ticks = again.start_ticks;
	}
}

int launch_start(int root_fd, const char *id, void (*warn)(const char *sentence), struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_container container = {.dir_fd = -EBADF};
	auto_runtime_config config = {0};
	auto_fd int fd = -EBADF;
	int r;

	r = container_load(root_fd, id, &container, err);
	if (r < 0)
		return r;
	await_creation(&container, root_fd);
	if (container_status(&container) != CONTAINER_CREATED)
		return error_set(err, ERROR_CONFLICT,
				 "cannot start a container that is not created: %s is %s", id,
				 container_status_name(container_status(&container)));
	r = container_config(&container, &config, err);
	if (r < 0)
		return r;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
		       container.dir_fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, errno, "reach the process of container %s", id);
	r = await_exec(fd, container.command, err);
	/* It has been started once, however that went. */
	(void)unlinkat(container.dir_fd, SOCKET_NAME, 0);
	if (r == 0)
		r = run_poststart(&config, &container, err);
	/* The container is stopped, and gone (OCI runtime 1.2.1, lifecycle step 9). */
	if (r < 0 && container_status(&container) == CONTAINER_RUNNING)
		(void)!lifecycle_delete(root_fd, id, true, warn, NULL);
	return r;
}
