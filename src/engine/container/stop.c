#include "engine/container/stop.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "engine/container/load.h"
#include "engine/container/pause.h"
#include "engine/container/remove.h"
#include "engine/container/restart.h"
#include "engine/container/state.h"
#include "engine/event.h"
#include "engine/spec-gen.h"
#include "kern/cgroup.h"
#include "kern/process.h"
#include "monitor/announce.h"
#include "monitor/client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define STOP_TIMEOUT_DEFAULT 10
#define KILL_TIMEOUT_MS	     10000
#define RECORD_TIMEOUT	     (10 * TIME_SECOND)
#define ANNOUNCE_TIMEOUT     (TIME_SECOND / 5)
#define PAUSE_NS	     INT64_C(1000000)
#define CREATED_PAUSE_NS     INT64_C(50000000)

static void pause_for(int64_t ns)
{
	struct timespec ts = {.tv_sec = ns / TIME_SECOND, .tv_nsec = ns % TIME_SECOND};

	(void)nanosleep(&ts, NULL);
}

/* The process as it runs now, whoever has its number later. -ESRCH. */
static int open_process(const struct container *container)
{
	if (container->state != CONTAINER_RUNNING)
		return -ESRCH;
	return process_open(container->pid, container->pid_ticks);
}

/* Its process has ended: waits for the monitor to have said so on record. Without a monitor there
 * is nothing to wait for. */
static int await_record(struct engine *engine, struct container *container, struct error *err)
{
	int64_t deadline = time_monotonic() + RECORD_TIMEOUT;

	while (true) {
		auto_container now = {0};
		int r = container_load(engine, container->id, &now, err);

		if (r < 0)
			return r;
		if (r == 0 || now.state != CONTAINER_RUNNING ||
		    now.pid_ticks != container->pid_ticks || now.pid != container->pid)
			return 0;
		if (time_monotonic() > deadline)
			return error_set(err, ERROR_SYSTEM,
					 "container %s: its process %d has ended, but its monitor "
					 "%d does not record that",
					 container->name, now.pid, now.monitor);
		pause_for(PAUSE_NS);
	}
}

static int kill_all(struct engine *engine, const struct container *container, struct error *err)
{
	auto_free char *path = spec_cgroup_path(engine, container);
	auto_cgroup cgroup = {0};
	int r;

	r = cgroup_open(path, &cgroup);
	if (r == 0)
		r = cgroup_kill_all(&cgroup);
	return r < 0 ? error_errno(err, r, "kill the processes of container %s", container->name)
		     : 0;
}

/* What is held acts on no signal: as Docker does, it is let go once the signal waits for it. */
static void let_go(struct engine *engine, struct container *container)
{
	if (container->paused)
		(void)!container_unpause(engine, container, NULL);
}

static void tell_kill(struct engine *engine, const struct container *container, int signal)
{
	char number[8];
	const struct event_attribute extra = {"signal", number};

	(void)snprintf(number, sizeof(number), "%d", signal);
	event_container(engine, container, "kill", &extra, 1);
}

static int force_end(struct engine *engine, struct container *container, int process,
		     struct error *err)
{
	int r;

	tell_kill(engine, container, SIGKILL);
	(void)!process_signal(process, SIGKILL);
	r = kill_all(engine, container, err);
	if (r < 0)
		return r;
	if (process_wait(process, KILL_TIMEOUT_MS) < 0)
		return error_set(
			err, ERROR_SYSTEM,
			"container %s does not end: process %d got SIGKILL and is stuck in "
			"the kernel",
			container->name, container->pid);
	return 0;
}

/* The monitor tells of the death right behind the record: what follows from it is told after. */
static void await_announcement(struct engine *engine, const struct container *container)
{
	int64_t deadline = time_monotonic() + ANNOUNCE_TIMEOUT;
	auto_fd int run_fd = container_open_run_folder(engine, container->id);

	while (run_fd >= 0 && time_monotonic() < deadline &&
	       faccessat(run_fd, STATE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	       faccessat(run_fd, ANNOUNCED_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		pause_for(PAUSE_NS);
}

int container_stop(struct engine *engine, struct container *container, int signal, int timeout_s,
		   struct error *err)
{
	const struct container_config *config = &container->config;
	auto_fd int process = open_process(container);
	int r;

	/* First of all: whoever sees the end must know. */
	r = container_restart_forbid(engine, container, err);
	if (r < 0)
		return r;
	if (process < 0)
		return await_record(engine, container, err);
	if (signal == 0)
		signal = config->stop_signal ? config->stop_signal : SIGTERM;
	if (timeout_s < 0)
		timeout_s = config->stop_timeout >= 0 ? config->stop_timeout : STOP_TIMEOUT_DEFAULT;
	if (timeout_s > 0) {
		tell_kill(engine, container, signal);
		r = process_signal(process, signal);
		let_go(engine, container);
		if (r == 0)
			r = process_wait(process, MIN(timeout_s, INT32_MAX / 1000) * 1000);
	}
	if (timeout_s == 0 || r < 0) {
		r = force_end(engine, container, process, err);
		if (r < 0)
			return r;
	}
	r = await_record(engine, container, err);
	if (r < 0)
		return r;
	await_announcement(engine, container);
	event_container(engine, container, "stop", NULL, 0);
	return 0;
}

int container_kill(struct engine *engine, struct container *container, int signal,
		   struct error *err)
{
	auto_fd int process = open_process(container);
	int stop = container->config.stop_signal ? container->config.stop_signal : SIGTERM;
	int r = process;

	if (r >= 0 && (signal == SIGKILL || signal == stop)) {
		r = container_restart_forbid(engine, container, err);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = process_signal(process, signal);
	if (r == -ESRCH)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	if (r < 0)
		return error_errno(err, r, "send signal %d to container %s", signal,
				   container->name);
	tell_kill(engine, container, signal);
	let_go(engine, container);
	return signal == SIGKILL ? kill_all(engine, container, err) : 0;
}

/* 1: *@ret_code is there; 0: the connection ended without a word. */
static int wait_connected(struct engine *engine, const struct container *container, int *ret_code)
{
	auto_free char *bundle = container_run_folder(engine, container->id);
	auto_free char *buf = mem_alloc(WIRE_LENGTH_MAX);
	auto_fd int fd = -EBADF;
	struct wire_header header;

	if (monitor_connect(bundle, &fd, NULL) < 0 ||
	    monitor_send(fd, WIRE_WAIT, NULL, 0, NULL) < 0)
		return 0;
	while (monitor_receive(fd, &header, buf, NULL) > 0) {
		const struct wire_exit *exit = (const struct wire_exit *)(const void *)buf;

		if (header.type == WIRE_EXITED && header.length == sizeof(*exit)) {
			*ret_code = exit->code;
			return 1;
		}
	}
	return 0;
}

/* Without a monitor: its process has ended, or will. */
static int wait_alone(struct engine *engine, struct container *container, int *ret_code,
		      struct error *err)
{
	auto_fd int process = open_process(container);
	auto_container now = {0};
	int r;

	if (process >= 0)
		(void)!process_wait(process, -1);
	r = await_record(engine, container, err);
	if (r < 0)
		return r;
	r = container_load(engine, container->id, &now, err);
	if (r < 0)
		return r;
	*ret_code = r > 0 && now.state == CONTAINER_EXITED ? now.exit_code : CONTAINER_EXIT_UNKNOWN;
	return 0;
}

int container_wait(struct engine *engine, struct container *container, int *ret_code,
		   struct error *err)
{
	int r;

	while (container->state == CONTAINER_CREATED) {
		pause_for(CREATED_PAUSE_NS);
		r = container_refresh(engine, container, err);
		if (r < 0)
			return r;
	}
	if (container->state == CONTAINER_EXITED) {
		*ret_code = container->exit_code;
		return 0;
	}
	if (wait_connected(engine, container, ret_code))
		return 0;
	return wait_alone(engine, container, ret_code, err);
}
