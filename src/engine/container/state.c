#include "engine/container/state.h"

#include "base/fd.h"
#include "base/mem.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "engine/container/record.h"
#include "engine/container/restart.h"
#include "engine/spec-gen.h"
#include "io/atomic-file.h"
#include "kern/cgroup.h"
#include "kern/process.h"
#include "monitor/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define MONITOR_FILE	 "monitor.json"
#define PROCESS_TEXT_MAX 4096
#define NETWORK_TEXT_MAX (1 << 20)

struct process_record {
	pid_t pid;
	uint64_t ticks;
	int64_t started; /* wall clock; 0 in monitor.json */
	bool paused;	 /* by us */
};

static int open_folder(int base_fd, const char *id)
{
	char path[sizeof("containers/") + CONTAINER_ID_SIZE];
	int fd;

	(void)snprintf(path, sizeof(path), "containers/%s", id);
	fd = openat(base_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int container_open_folder(const struct engine *engine, const char *id)
{
	return open_folder(engine->root.dir_fd, id);
}

int container_open_run_folder(const struct engine *engine, const char *id)
{
	return open_folder(engine->root.run_fd, id);
}

int container_exit_folder(const struct engine *engine, const struct container *container)
{
	return container->config.auto_remove ? container_open_run_folder(engine, container->id)
					     : container_open_folder(engine, container->id);
}

/* 0; -ENOENT: not there (or unreadable, which says as little). */
static int read_process(int dir_fd, const char *name, struct process_record *ret)
{
	auto_free char *text = NULL;
	auto_json *root = NULL;
	uint64_t ticks;
	int64_t pid;
	size_t len;

	if (atomic_read(dir_fd, name, PROCESS_TEXT_MAX, &text, &len) < 0 ||
	    json_parse(text, len, &root, NULL) < 0 || json_i64(json_get(root, "pid"), &pid) < 0 ||
	    json_u64(json_get(root, "start"), &ticks) < 0 || pid <= 0 || pid > INT32_MAX)
		return -ENOENT;
	*ret = (struct process_record) {
		.pid = (pid_t)pid,
		.ticks = ticks,
		.started = json_get_i64(root, "started", 0),
		.paused = json_get_bool(root, "paused", false),
	};
	return 0;
}

int container_process_look(int run_fd, pid_t *ret_pid)
{
	struct process_record record;
	int r = read_process(run_fd, STATE_FILE, &record);

	if (r < 0)
		return r;
	*ret_pid = record.pid;
	return process_alive(record.pid, record.ticks) > 0;
}

int container_monitor_open(int run_fd, pid_t *ret_pid)
{
	struct process_record record;
	int fd;

	if (read_process(run_fd, MONITOR_FILE, &record) < 0)
		return -ESRCH;
	fd = process_open(record.pid, record.ticks);
	if (fd >= 0 && ret_pid)
		*ret_pid = record.pid;
	return fd;
}

static pid_t living_monitor(int run_fd)
{
	struct process_record record;

	if (read_process(run_fd, MONITOR_FILE, &record) < 0)
		return 0;
	return process_alive(record.pid, record.ticks) > 0 ? record.pid : 0;
}

/* Whether there is a record of an exit; fills it in. */
static bool read_exit(int dir_fd, const char *name, struct container *container)
{
	struct wire_exit exit;
	int r = dir_fd < 0 ? -ENOENT : monitor_read_exit(dir_fd, name, &exit);

	if (r == -ENOENT)
		return false;
	container->state = CONTAINER_EXITED;
	container->exit_code = r < 0 ? CONTAINER_EXIT_UNKNOWN : exit.code;
	container->oom_killed = r == 0 && exit.oom_killed;
	container->finished = r < 0 ? 0 : exit.time;
	return true;
}

static void read_network(int run_fd, struct container *container)
{
	auto_free char *text = NULL;
	size_t len;

	if (atomic_read(run_fd, NETWORK_FILE, NETWORK_TEXT_MAX, &text, &len) == 0)
		(void)!container_network_read(text, len, &container->network, NULL);
}

/* Whether its processes are held indeed. Of other runtimes, which may do it elsewhere, we know only
 * what we asked for. */
static bool is_held(struct engine *engine, const struct container *container)
{
	auto_free char *path = NULL;
	auto_cgroup cgroup = {0};

	if (container->config.runtime)
		return true;
	path = spec_cgroup_path(engine, container);
	return cgroup_open(path, &cgroup) < 0 || cgroup_frozen(&cgroup) != 0;
}

int container_state_set_paused(struct engine *engine, const struct container *container,
			       bool paused, struct error *err)
{
	auto_fd int run_fd = container_open_run_folder(engine, container->id);
	auto_str text = {0};
	struct json_writer w;
	int r = run_fd;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "pid", container->pid);
	json_write_u64(&w, "start", container->pid_ticks);
	json_write_i64(&w, "started", container->started);
	json_write_bool(&w, "paused", paused);
	json_end(&w);
	if (r >= 0)
		r = atomic_write(run_fd, STATE_FILE, text.data, text.len, 0600, 0);
	return r < 0 ? error_errno(err, r, "note the state of container %s", container->name) : 0;
}

static void set_unseen_end(struct container *container)
{
	container->state = container->started ? CONTAINER_EXITED : CONTAINER_CREATED;
	container->exit_code = container->started ? CONTAINER_EXIT_UNKNOWN : 0;
}

static void reset(struct container *container)
{
	container->state = CONTAINER_CREATED;
	container->pid = container->monitor = 0;
	container->paused = container->restarting = false;
	container->exit_code = 0;
	container->oom_killed = false;
	container->finished = 0;
	mem_freep(&container->network.ports);
	container->network = (struct container_network) {0};
}

static int read_state(struct engine *engine, struct container *container, struct error *err)
{
	auto_fd int exit_fd = container_exit_folder(engine, container);
	auto_fd int run_fd = container_open_run_folder(engine, container->id);
	struct process_record process;
	int alive;

	reset(container);
	if (run_fd >= 0)
		container->monitor = living_monitor(run_fd);
	if (read_exit(exit_fd, EXIT_FILE, container))
		return 0;
	if (run_fd < 0) {
		set_unseen_end(container);
		return 0;
	}
	if (read_process(run_fd, STATE_FILE, &process) < 0) {
		/* Not started yet, this time. */
		(void)read_exit(exit_fd, EXIT_OLD_FILE, container);
		return 0;
	}
	container->started = process.started ? process.started : container->started;
	alive = process_alive(process.pid, process.ticks);
	if (alive < 0)
		return error_errno(err, alive, "look at process %d of container %.12s", process.pid,
				   container->id);
	if (!alive) {
		/* It may have been recorded between our two looks. */
		container->monitor = living_monitor(run_fd);
		if (read_exit(exit_fd, EXIT_FILE, container))
			return 0;
		if (!container->monitor) {
			set_unseen_end(container);
			return 0;
		}
	}
	container->state = CONTAINER_RUNNING;
	container->pid = process.pid;
	container->pid_ticks = process.ticks;
	container->paused = process.paused && is_held(engine, container);
	read_network(run_fd, container);
	return 0;
}

int container_state_read(struct engine *engine, struct container *container, struct error *err)
{
	int r = read_state(engine, container, err);

	if (r == 0)
		container_restart_read(engine, container);
	return r;
}
