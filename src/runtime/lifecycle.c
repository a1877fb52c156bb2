#include "runtime/lifecycle.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "kern/cgroup.h"
#include "kern/mount.h"
#include "kern/process.h"
#include "runtime/container.h"
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* How long processes that were killed are waited for. One in the middle of a disk's I/O may take
 * longer; then the cgroup stays, and delete says so. */
#define KILL_TIMEOUT_MS 10000

int lifecycle_parse_signal(const char *text)
{
	uint32_t number;

	if (parse_u32(text, 0, (uint32_t)SIGRTMAX, &number) == 0)
		return (int)number;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int signal = 1; signal < SIGRTMIN; signal++) {
		const char *name = sigabbrev_np(signal);

		if (name && strcasecmp(name, text) == 0)
			return signal;
	}
	if (strncasecmp(text, "RTMIN+", 6) == 0 &&
	    parse_u32(text + 6, 0, (uint32_t)(SIGRTMAX - SIGRTMIN), &number) == 0)
		return SIGRTMIN + (int)number;
	if (strcasecmp(text, "RTMIN") == 0)
		return SIGRTMIN;
	return -EINVAL;
}

static int send_one(pid_t pid, void *arg)
{
	const int *signal = arg;

	(void)kill(pid, *signal);
	return 0;
}

static int kill_cgroup(const struct container *container, int signal, struct error *err)
{
	auto_cgroup cgroup = {0};
	bool frozen;
	int r;

	if (!container_has_cgroup(container))
		return 0;
	r = cgroup_open(container->cgroup, &cgroup);
	if (r < 0)
		return error_errno(err, r, "open the cgroup of container %s", container->id);
	if (signal == SIGKILL) {
		r = cgroup_kill_all(&cgroup);
	} else {
		/* Held still, no process id can pass to somebody else meanwhile. */
		frozen = cgroup_frozen(&cgroup) == 0 && cgroup_freeze(&cgroup, true) == 0;
		r = cgroup_pids(&cgroup, send_one, &signal);
		if (frozen)
			(void)!cgroup_freeze(&cgroup, false);
	}
	return r < 0 ? error_errno(err, r, "signal the processes of container %s", container->id)
		     : 0;
}

int lifecycle_kill(int root_fd, const char *id, int signal, bool all, struct error *err)
{
	auto_container container = {.dir_fd = -EBADF};
	auto_fd int pid_fd = -EBADF;
	int r;

	r = container_load(root_fd, id, &container, err);
	if (r < 0)
		return r;
	if (all && container_has_cgroup(&container))
		return kill_cgroup(&container, signal, err);
	r = container_pidfd(&container, &pid_fd, err);
	if (r < 0)
		return r;
	r = process_signal(pid_fd, signal);
	if (r < 0)
		return error_errno(err, r, "signal container %s", id);
	if (signal == SIGKILL && container_status(&container) == CONTAINER_PAUSED)
		return lifecycle_pause(root_fd, id, false, err);
	return 0;
}

int lifecycle_pause(int root_fd, const char *id, bool pause, struct error *err)
{
	auto_container container = {.dir_fd = -EBADF};
	enum container_status status;
	auto_cgroup cgroup = {0};
	int r;

	r = container_load(root_fd, id, &container, err);
	if (r < 0)
		return r;
	status = container_status(&container);
	if (pause && status != CONTAINER_RUNNING && status != CONTAINER_CREATED)
		return error_set(err, ERROR_CONFLICT, "container not running: %s", id);
	if (!pause && status != CONTAINER_PAUSED)
		return error_set(err, ERROR_CONFLICT, "container not paused: %s", id);
	if (!container_has_cgroup(&container))
		return error_set(err, ERROR_UNSUPPORTED,
				 "cannot %s container %s: it has no cgroup of its own",
				 pause ? "pause" : "resume", id);
	r = cgroup_open(container.cgroup, &cgroup);
	if (r == 0)
		r = cgroup_freeze(&cgroup, pause);
	return r < 0 ? error_errno(err, r, "%s container %s", pause ? "pause" : "resume", id) : 0;
}

static void run_poststop(const struct container *container, const struct runtime_config *config,
			 void (*warn)(const char *sentence))
{
	auto_str state = {0};

	/* The container is gone whatever they say (OCI runtime 1.2, lifecycle step 13). */
	if (config->hooks[RUNTIME_HOOK_POSTSTOP].n == 0)
		return;
	container_write_state(container, CONTAINER_STOPPED, 0, 0, false, &state);
	hooks_run_all(config, RUNTIME_HOOK_POSTSTOP, str_text(&state), warn);
}

/* Without a mount namespace its mounts are the caller's, and nobody else will take them away. */
static void detach_mounts(const struct container *container, const struct runtime_config *config)
{
	auto_fd int root_fd = -EBADF;

	if (!config->root || config->namespaces[RUNTIME_NAMESPACE_MOUNT].present)
		return;
	root_fd = open(container->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = config->mount_count; root_fd >= 0 && i > 0; i--)
		(void)!mount_detach(root_fd, config->mounts[i - 1].destination);
}

static int remove_cgroup(const struct container *container, bool force, struct error *err)
{
	auto_cgroup cgroup = {0};
	int r;

	if (!container_has_cgroup(container))
		return 0;
	r = cgroup_open(container->cgroup, &cgroup);
	if (r == -ENOENT)
		return 0;
	/* Without a pid namespace of its own, others may live on behind the first process. */
	if (r == 0 && force)
		r = cgroup_kill_all(&cgroup);
	if (r == 0)
		r = cgroup_remove(&cgroup, force ? KILL_TIMEOUT_MS : 0);
	if (r == -EBUSY && !force) {
		r = cgroup_kill_all(&cgroup);
		if (r == 0)
			r = cgroup_remove(&cgroup, KILL_TIMEOUT_MS);
	}
	if (r < 0)
		return error_errno(err, r, "remove the cgroup %s of container %s",
				   container->cgroup, container->id);
	return 0;
}

static int remove_damaged(int root_fd, const char *id, struct error *err)
{
	struct container container = {.id = mem_strdup(id), .dir_fd = -EBADF};
	int r;

	container.dir_fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container.dir_fd < 0)
		r = error_errno(err, errno, "open container %s", id);
	else
		r = container_remove(root_fd, &container, err);
	container_release(&container);
	return r;
}

static int end_process(const struct container *container, struct error *err)
{
	auto_fd int pid_fd = -EBADF;
	int r;

	if (container_pidfd(container, &pid_fd, NULL) < 0)
		return 0;
	r = process_signal(pid_fd, SIGKILL);
	/* A frozen process dies when it thaws: killing its cgroup does both. */
	if (r == 0)
		r = kill_cgroup(container, SIGKILL, err);
	if (r == 0)
		r = process_wait(pid_fd, KILL_TIMEOUT_MS);
	return r < 0 ? error_errno(err, r, "end the process of container %s", container->id) : 0;
}

int lifecycle_delete(int root_fd, const char *id, bool force, void (*warn)(const char *sentence),
		     struct error *err)
{
	auto_container container = {.dir_fd = -EBADF};
	auto_error load_error = {0};
	auto_runtime_config config = {0};
	enum container_status status;
	int r;

	r = container_load(root_fd, id, &container, &load_error);
	if (r < 0) {
		if (force && load_error.kind == ERROR_NOT_FOUND)
			return 0;
		if (force && load_error.kind == ERROR_CORRUPT)
			return remove_damaged(root_fd, id, err);
		return error_move(err, &load_error);
	}
	status = container_status(&container);
	if (!force && status != CONTAINER_STOPPED && status != CONTAINER_CREATED)
		return error_set(err, ERROR_CONFLICT,
				 "cannot delete container %s that is not stopped: %s", id,
				 container_status_name(status));
	r = end_process(&container, err);
	if (r == 0)
		r = remove_cgroup(&container, force, err);
	if (r == 0)
		(void)!container_config(&container, &config, NULL);
	if (r == 0)
		detach_mounts(&container, &config);
	if (r == 0)
		r = container_remove(root_fd, &container, err);
	if (r == 0)
		run_poststop(&container, &config, warn);
	return r;
}
