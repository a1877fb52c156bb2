#include "engine/container/remove.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "engine/container/attach.h"
#include "engine/container/join.h"
#include "engine/container/load.h"
#include "engine/container/name.h"
#include "engine/container/operation.h"
#include "engine/container/record.h"
#include "engine/container/restart.h"
#include "engine/container/state.h"
#include "engine/event.h"
#include "engine/exec.h"
#include "engine/runtime-call.h"
#include "engine/spec-gen.h"
#include "kern/cgroup.h"
#include "kern/process.h"
#include "monitor/announce.h"
#include "monitor/client.h"
#include "network/network.h"
#include "volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CGROUP_END_MS  5000
#define MONITOR_END_MS 5000
#define REAP_TIME      (2 * TIME_SECOND)
#define EXIT_KILLED    (128 + SIGKILL)
#define REAP_PAUSE_NS  200000
#define DEFAULT_TAG    "kist"

/* Kills the monitor: its container's processes are next, and nobody is to clean up beside us. */
static void kill_monitor(struct engine *engine, const char *id)
{
	auto_fd int run_fd = container_open_run_folder(engine, id);
	auto_fd int monitor = -EBADF;
	pid_t pid = 0;

	if (run_fd < 0)
		return;
	monitor = container_monitor_open(run_fd, &pid);
	/* A monitor that has become `kist cleanup` is this process. */
	if (monitor < 0 || pid == getpid())
		return;
	(void)!process_signal(monitor, SIGKILL);
	(void)!process_wait(monitor, MONITOR_END_MS);
}

/* Kills the container's processes while their monitor lives, so that it reaps them: what is left to
 * PIDs 1 that reap nobody stays. Whatever goes wrong here is done again without the monitor. */
static void let_monitor_reap(const struct engine *engine, const struct container *container)
{
	const struct timespec pause = {.tv_nsec = REAP_PAUSE_NS};
	int64_t deadline = time_monotonic() + REAP_TIME;
	auto_free char *path = NULL;
	auto_cgroup cgroup = {0};
	auto_fd int process = -EBADF;

	if (container->state != CONTAINER_RUNNING || !container->monitor)
		return;
	process = process_open(container->pid, container->pid_ticks);
	path = spec_cgroup_path(engine, container);
	if (process < 0 || cgroup_open(path, &cgroup) < 0 || cgroup_kill_all(&cgroup) < 0)
		return;
	/* A zombie can still be signalled. */
	while (process_signal(process, 0) == 0 && time_monotonic() < deadline)
		(void)nanosleep(&pause, NULL);
}

static int end_processes(struct engine *engine, const struct container *container,
			 struct error *err)
{
	auto_free char *path = spec_cgroup_path(engine, container);
	auto_cgroup cgroup = {0};
	int r;

	r = cgroup_open(path, &cgroup);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = cgroup_kill_all(&cgroup);
	if (r == 0)
		r = cgroup_remove(&cgroup, CGROUP_END_MS);
	/* As the bridge: the default one stays, those of other folders go with their last user. */
	if (r == 0 && !container->config.cgroup_parent && !STREQ(engine->root.tag, DEFAULT_TAG))
		cgroup_remove_parent(&cgroup);
	if (r < 0)
		return error_errno(err, r, "end the processes of container %.12s", container->id);
	return 0;
}

static int remove_folder(int base_fd, const char *id, struct error *err)
{
	char path[sizeof("containers/") + CONTAINER_ID_SIZE];
	int r;

	(void)snprintf(path, sizeof(path), "containers/%s", id);
	r = tree_remove(base_fd, path);
	return r < 0 ? error_errno(err, r, "remove %s", path) : 0;
}

/* A start that was interrupted took the old exit record aside. */
static void restore_exit(struct engine *engine, const char *id)
{
	auto_fd int fd = container_open_folder(engine, id);

	if (fd >= 0 && renameat2(fd, EXIT_OLD_FILE, fd, EXIT_FILE, RENAME_NOREPLACE) < 0)
		(void)unlinkat(fd, EXIT_OLD_FILE, 0);
}

/* Which runtime a damaged container had is not known. Its processes have ended by now: what that
 * runtime wrote down of them is all that is left. */
static int delete_from_runtime(struct engine *engine, const struct container *container,
			       struct error *err)
{
	char path[sizeof("runtime/") + CONTAINER_ID_SIZE];
	int r;

	if (!container->damage)
		return runtime_delete(engine, container, err);
	if (runtime_delete(engine, container, NULL) == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "runtime/%s", container->id);
	r = tree_remove(engine->root.run_fd, path);
	return r < 0 ? error_errno(err, r, "remove %s/%s", engine->root.run, path) : 0;
}

enum undo_start_flags {
	UNDO_KILL = 1 << 0,   /* the processes, and then the monitor's */
	UNDO_CHANGES = 1 << 1 /* the upper directory of one that has ended goes as well */
};

/* The upper directory and what the overlay made beside it. */
static int remove_changes(struct engine *engine, const char *id, struct error *err)
{
	static const char *const names[] = {"diff", "work"};
	char path[sizeof("containers//diff") + CONTAINER_ID_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "containers/%s/%s", id, names[i]);
		r = tree_remove(engine->root.dir_fd, path);
	}
	return r < 0 ? error_errno(err, r, "remove %s/%s", engine->root.dir, path) : 0;
}

/* What has ended is cleared up by the runtime and by us at the same time. */
static int clear_ended(struct engine *engine, const struct container *container, unsigned flags,
		       struct error *err)
{
	auto_runtime_deletion deletion = RUNTIME_DELETION_NONE;
	int r;

	r = runtime_delete_begin(engine, container, &deletion, err);
	if (r == 0 && flags & UNDO_KILL)
		kill_monitor(engine, container->id);
	if (r == 0 && flags & UNDO_CHANGES)
		r = remove_changes(engine, container->id, err);
	return r < 0 ? r : runtime_delete_end(engine, container, &deletion, err);
}

/* The end of what ran, unless its start was undone before it was told. Its monitor has told of the
 * death itself, unless it was killed. */
static void tell_end(struct engine *engine, const struct container *before)
{
	auto_fd int run_fd = container_open_run_folder(engine, before->id);
	auto_container now = {0};
	bool announced;

	if (run_fd < 0 || faccessat(run_fd, STATE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	announced = faccessat(run_fd, ANNOUNCED_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (announced) {
		event_container_ended(engine, before, false);
		return;
	}
	if (container_load(engine, before->id, &now, NULL) <= 0)
		return;
	/* It was us. */
	if (now.state != CONTAINER_EXITED ||
	    (before->state == CONTAINER_RUNNING && now.exit_code == CONTAINER_EXIT_UNKNOWN))
		now.exit_code = EXIT_KILLED;
	event_container_ended(engine, &now, true);
}

/* Everything that a start made. @container: NULL if it is not on record. */
static int undo_start(struct engine *engine, const char *id, const struct container *container,
		      unsigned flags, struct error *err)
{
	int r = 0;

	if (container && flags & UNDO_KILL)
		let_monitor_reap(engine, container);
	if (container && !container->damage && container->state == CONTAINER_EXITED)
		r = clear_ended(engine, container, flags, err);
	else if (flags & UNDO_KILL)
		kill_monitor(engine, id);
	if (r == 0 && container)
		r = end_processes(engine, container, err);
	if (r == 0 && container)
		r = delete_from_runtime(engine, container, err);
	if (r == 0)
		exec_forget_all(engine, id);
	if (r == 0)
		r = network_detach(&engine->root, id, err);
	if (r < 0)
		return r;
	if (!container || container->damage || container_join_shares(container))
		container_join_undo(engine, id);
	if (container && !container->damage)
		tell_end(engine, container);
	restore_exit(engine, id);
	/* Of an auto_remove container it holds the record: that goes with the container. */
	return container && container->config.auto_remove
		       ? 0
		       : remove_folder(engine->root.run_fd, id, err);
}

static int remove_anonymous_volumes(struct engine *engine, const struct container *container,
				    struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < container->config.mount_count; i++) {
		const struct container_mount *mount = &container->config.mounts[i];

		if (mount->kind == MOUNT_VOLUME && mount->anonymous && mount->source)
			r = volume_remove(&engine->root, mount->source, err);
	}
	return r;
}

/* Under the intent. @container: NULL if it is not on record; then @name is its name, from the
 * intent, or NULL. */
static int remove_all(struct engine *engine, const char *id, const struct container *container,
		      const char *name, bool volumes, struct error *err)
{
	int r;

	container_restart_cancel(engine, id);
	r = undo_start(engine, id, container, UNDO_KILL | UNDO_CHANGES, err);
	if (r < 0)
		return r;
	container_attach_forget(engine, id);
	volume_undo(&engine->root, id);
	if (container && (volumes || container->config.auto_remove)) {
		r = remove_anonymous_volumes(engine, container, err);
		if (r < 0)
			return r;
	}
	if (container)
		name = container->name;
	if (name)
		r = container_name_release(engine, name, id, err);
	if (r == 0)
		r = remove_folder(engine->root.dir_fd, id, err);
	return r < 0 ? r : remove_folder(engine->root.run_fd, id, err);
}

/* What its end leaves of a container that stays: nothing, or its next start. */
static int clean_kept(struct engine *engine, const struct container *container, struct error *err)
{
	auto_fd int run_fd = container_open_run_folder(engine, container->id);

	/* It is clean already. */
	if (run_fd < 0)
		return 0;
	/* First: who completes this finds no trace of an end any more. */
	container_restart_plan(engine, container);
	return undo_start(engine, container->id, container, 0, err);
}

static int clean(struct engine *engine, const char *id, struct error *err)
{
	auto_container container = {0};
	int r;

	r = container_load_any(engine, id, &container, err);
	if (r < 0)
		return r;
	/* Gone, or its removal was interrupted when the record was gone already. */
	if (r == 0)
		return remove_all(engine, id, NULL, NULL, true, err);
	/* Started again meanwhile, or cleaned by somebody else. */
	if (container.state == CONTAINER_RUNNING || container.state == CONTAINER_CREATED)
		return 0;
	if (!container.config.auto_remove)
		return clean_kept(engine, &container, err);
	r = remove_all(engine, id, &container, NULL, true, err);
	if (r == 0)
		event_container(engine, &container, "destroy", NULL, 0);
	return r;
}

int container_undo(struct engine *engine, const char *id, const char *text, struct error *err)
{
	const struct container *known;
	auto_container container = {0};
	enum container_undo_kind undo;
	auto_free char *name = NULL;
	int r;

	r = container_operation_parse(text, &undo, &name, err);
	if (r == 0)
		r = container_load_any(engine, id, &container, err);
	if (r < 0)
		return r;
	known = r > 0 ? &container : NULL;
	switch (undo) {
	case UNDO_CLEAN:
		return clean(engine, id, err);
	case UNDO_START:
		return undo_start(engine, id, known, UNDO_KILL, err);
	case UNDO_REMOVE:
		return remove_all(engine, id, known, name, false, err);
	case UNDO_REMOVE_VOLUMES:
		return remove_all(engine, id, known, name, true, err);
	case UNDO_RENAME:
		container_name_settle(engine, id);
		return 0;
	}
	return -EINVAL;
}

/* Ends the intent if @r says that all went well; otherwise it stays, for the next command. */
static int finish(struct intent *intent, int r)
{
	if (r < 0)
		intent_abandon(intent);
	else
		intent_end(intent);
	return r;
}

int container_cleanup(struct engine *engine, const char *id, struct error *err)
{
	struct intent intent;
	int r;

	r = container_operation_begin(engine, id, UNDO_CLEAN, NULL, &intent, err);
	return r < 0 ? r : finish(&intent, clean(engine, id, err));
}

int container_cleanup_as_owner(struct engine *engine, const char *id, int monitor_fd,
			       struct error *err)
{
	struct intent intent;
	int r;

	r = container_operation_begin(engine, id, UNDO_CLEAN, NULL, &intent, err);
	if (r < 0)
		return r;
	/* A monitor that has gone already has left it to us, or to `kist cleanup` behind us. */
	(void)!monitor_send(monitor_fd, WIRE_CLEANING, NULL, 0, NULL);
	(void)shutdown(monitor_fd, SHUT_RDWR);
	return finish(&intent, clean(engine, id, err));
}

void container_tidy(struct engine *engine, const char *id)
{
	struct intent intent;

	if (container_operation_try(engine, id, UNDO_CLEAN, NULL, &intent, NULL) == 0)
		(void)!finish(&intent, clean(engine, id, NULL));
}

static int check_removable(struct engine *engine, const struct container *container, unsigned flags,
			   struct error *err)
{
	auto_container now = {0};
	int r;

	r = container_load_any(engine, container->id, &now, err);
	if (r < 0)
		return r;
	if (r == 0 && !(flags & REMOVE_FORCE))
		return error_set(err, ERROR_NOT_FOUND, "No such container: %s", container->name);
	if (r > 0 && now.restarting && !(flags & REMOVE_FORCE))
		return error_set(err, ERROR_CONFLICT,
				 "cannot remove container \"/%s\": container is restarting: stop "
				 "the container before removing or force remove",
				 now.name);
	if (r > 0 && now.state == CONTAINER_RUNNING && !(flags & REMOVE_FORCE))
		return error_set(err, ERROR_CONFLICT,
				 now.paused
					 ? "cannot remove container \"/%s\": container is paused "
					   "and must be unpaused first"
					 : "cannot remove container \"/%s\": container is "
					   "running: stop the container before removing or force "
					   "remove",
				 now.name);
	return 0;
}

int container_remove(struct engine *engine, struct container *container, unsigned flags,
		     struct error *err)
{
	auto_free char *text = NULL;
	auto_container now = {0};
	struct intent intent;
	int r, known;

	r = check_removable(engine, container, flags, err);
	if (r < 0)
		return r;
	r = container_operation_begin(engine, container->id, UNDO_CLEAN, NULL, &intent, err);
	if (r < 0)
		return r;
	/* Again, now that nobody starts it any more. */
	r = check_removable(engine, container, flags, err);
	if (r < 0) {
		intent_end(&intent);
		return r;
	}
	text = container_operation_text(flags & REMOVE_VOLUMES ? UNDO_REMOVE_VOLUMES : UNDO_REMOVE,
					container->name);
	r = intent_update(&intent, text, err);
	known = r < 0 ? r : container_load_any(engine, container->id, &now, err);
	r = known < 0 ? known
		      : remove_all(engine, container->id, known > 0 ? &now : NULL, container->name,
				   flags & REMOVE_VOLUMES, err);
	if (r == 0)
		event_container(engine, container, "destroy", NULL, 0);
	return finish(&intent, r);
}

static void sweep_one(struct engine *engine, const char *id)
{
	auto_container container = {0};
	struct intent intent;
	int r;

	if (container_operation_try(engine, id, UNDO_CLEAN, NULL, &intent, NULL) < 0)
		return;
	r = container_load_any(engine, id, &container, NULL);
	if (r == 0)
		r = remove_all(engine, id, NULL, NULL, true, NULL);
	else if (r > 0 && !container.damage)
		(void)!container_name_reserve(engine, container.name, id, NULL);
	(void)!finish(&intent, MIN(r, 0));
	if (r > 0 && !container.damage && container.state == CONTAINER_EXITED)
		container_restart_after_boot(engine, &container);
}

int container_sweep(struct engine *engine, struct error *err)
{
	auto_strv ids = {0};
	int r;

	r = container_ids(engine, "", &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		sweep_one(engine, ids.v[i]);
	return r;
}
