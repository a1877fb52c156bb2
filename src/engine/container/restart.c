#include "engine/container/restart.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "engine/container/load.h"
#include "engine/container/start.h"
#include "engine/container/state.h"
#include "io/atomic-file.h"
#include "io/intent.h"
#include "io/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESTART_FILE  "restart.json"
#define TEXT_MAX      1024
#define DELAY_FIRST   (TIME_SECOND / 10)
#define DELAY_LAST    (60 * TIME_SECOND)
#define LIFE_ENOUGH   (10 * TIME_SECOND)
#define TAKE_ATTEMPTS 100
#define TAKE_PAUSE_MS 10

struct restart_record {
	int64_t count, delay; /* ns */
	bool stopped;	      /* on purpose */
};

static struct restart_record read_record(const struct engine *engine, const char *id)
{
	auto_fd int fd = container_open_folder(engine, id);
	struct restart_record record = {0};
	auto_free char *text = NULL;
	auto_json *root = NULL;
	size_t len;

	if (fd < 0 || atomic_read(fd, RESTART_FILE, TEXT_MAX, &text, &len) < 0 ||
	    json_parse(text, len, &root, NULL) < 0)
		return record;
	record.count = MIN(MAX(json_get_i64(root, "count", 0), INT64_C(0)), (int64_t)INT32_MAX);
	record.delay = MIN(MAX(json_get_i64(root, "delay", 0), INT64_C(0)), DELAY_LAST);
	record.stopped = json_get_bool(root, "stopped", false);
	return record;
}

static int write_record(const struct engine *engine, const char *id,
			const struct restart_record *record, unsigned flags)
{
	auto_fd int fd = container_open_folder(engine, id);
	auto_str text = {0};
	struct json_writer w;

	if (fd < 0)
		return fd;
	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "count", record->count);
	json_write_i64(&w, "delay", record->delay);
	json_write_bool(&w, "stopped", record->stopped);
	json_end(&w);
	return atomic_write(fd, RESTART_FILE, text.data, text.len, 0600, flags);
}

static char *intent_path(const char *id)
{
	return mem_printf("intents/%s-%s", RESTART_WHAT, id);
}

static bool is_wanted(const struct container *container, const struct restart_record *record)
{
	const struct restart_policy *policy = &container->config.restart;

	if (record->stopped)
		return false;
	switch (policy->kind) {
	case RESTART_NO:
		return false;
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	case RESTART_ON_FAILURE:
		return container->exit_code != 0 &&
		       (policy->retries == 0 || record->count < policy->retries);
	}
	return false;
}

/* The process that waits, with the open intent as its descriptor. */
static int start_waiter(const struct engine *engine, const char *id, int intent_fd)
{
	auto_free char *self = NULL;
	struct child child;
	int r;

	r = program_path("kist", &self);
	if (r < 0)
		return r;
	const char *const argv[] = {self,
				    "--root",
				    engine->root.dir,
				    "--runroot",
				    engine->root.run,
				    "cleanup",
				    "--restart",
				    id,
				    NULL};
	const struct spawn_fd fds[] = {{intent_fd, RESTART_FD}};

	r = spawn(&(struct spawn) {.path = self,
				   .argv = (char *const *)argv,
				   .fds = fds,
				   .fd_count = ARRAY_SIZE(fds),
				   .flags = SPAWN_NEW_SESSION},
		  &child);
	if (r == 0)
		(void)fd_close(child.pid_fd);
	return r;
}

/* Without a waiter, if that cannot be started, the intent stays for the next command. */
static void plan(struct engine *engine, const char *id)
{
	struct intent intent;

	if (intent_begin(&engine->root, RESTART_WHAT, id, "{}", &intent, NULL) < 0)
		return;
	(void)!start_waiter(engine, id, intent.fd);
	intent_abandon(&intent);
}

void container_restart_plan(struct engine *engine, const struct container *container)
{
	struct restart_record record;
	int64_t life;

	if (container->config.restart.kind == RESTART_NO)
		return;
	record = read_record(engine, container->id);
	if (!is_wanted(container, &record))
		return;
	life = container->finished ? container->finished - container->started : 0;
	if (record.delay == 0 || life >= LIFE_ENOUGH)
		record.delay = DELAY_FIRST;
	else
		record.delay = MIN(record.delay * 2, DELAY_LAST);
	record.count++;
	if (write_record(engine, container->id, &record, 0) == 0)
		plan(engine, container->id);
}

void container_restart_after_boot(struct engine *engine, const struct container *container)
{
	struct restart_record record;

	if (container->config.restart.kind == RESTART_NO || !container->started)
		return;
	record = read_record(engine, container->id);
	/* As Docker's daemon does when it starts: "always" means also what was stopped. */
	if (container->config.restart.kind == RESTART_ALWAYS)
		record.stopped = false;
	if (!is_wanted(container, &record))
		return;
	record.delay = 0;
	if (write_record(engine, container->id, &record, 0) == 0)
		plan(engine, container->id);
}

int container_restart_recover(struct engine *engine, const char *id)
{
	auto_free char *path = intent_path(id);
	auto_container container = {0};
	auto_fd int fd = -EBADF;

	/* Of a container that is gone nothing is planned any more. */
	if (container_load(engine, id, &container, NULL) == 0)
		return 0;
	fd = openat(engine->root.dir_fd, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)!start_waiter(engine, id, fd);
	return -EAGAIN;
}

/* ---- the waiter ---- */

static void sleep_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

int container_restart_take(void)
{
	for (int i = 0; i < TAKE_ATTEMPTS; i++) {
		if (flock(RESTART_FD, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		sleep_ms(TAKE_PAUSE_MS);
	}
	return -EBUSY;
}

static bool is_cancelled(void)
{
	struct stat st;

	return fstat(RESTART_FD, &st) < 0 || st.st_nlink == 0;
}

/* Until the time has come, or somebody has taken the intent away. */
static void wait_for(int64_t delay)
{
	int64_t deadline = time_monotonic() + delay, left;
	auto_fd int watch = inotify_init1(IN_CLOEXEC);
	char path[sizeof("/proc/self/fd/") + 12];
	struct pollfd fd = {-1, POLLIN, 0};

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", RESTART_FD);
	if (watch >= 0 && inotify_add_watch(watch, path, IN_ATTRIB) >= 0)
		fd.fd = watch;
	while (!is_cancelled() && (left = deadline - time_monotonic()) > 0) {
		if (poll(&fd, 1, (int)MIN(left / 1000000 + 1, INT64_C(60000))) > 0)
			break;
	}
}

int container_restart_wait(struct engine *engine, const char *id, struct error *err)
{
	struct restart_record record = read_record(engine, id);
	auto_container container = {0};
	int r;

	wait_for(record.delay);
	if (is_cancelled())
		return 0;
	r = container_find(engine, id, &container, err);
	if (r == 0 && container.state == CONTAINER_EXITED)
		r = container_start_again(engine, &container, err);
	/* Ours still, or nobody's: who starts or stops it takes it away. */
	if (!is_cancelled())
		container_restart_cancel(engine, id);
	return r;
}

/* ---- what others decide ---- */

int container_restart_forbid(struct engine *engine, const struct container *container,
			     struct error *err)
{
	struct restart_record record;
	int r = 0;

	if (container->config.restart.kind == RESTART_NO)
		return 0;
	record = read_record(engine, container->id);
	if (!record.stopped) {
		record.stopped = true;
		r = write_record(engine, container->id, &record, ATOMIC_SYNC);
	}
	container_restart_cancel(engine, container->id);
	return r < 0 ? error_errno(err, r, "note that container %s is not to be restarted",
				   container->name)
		     : 0;
}

void container_restart_reset(struct engine *engine, const struct container *container)
{
	const struct restart_record none = {0};

	if (container->config.restart.kind == RESTART_NO)
		return;
	container_restart_cancel(engine, container->id);
	(void)!write_record(engine, container->id, &none, 0);
}

void container_restart_cancel(struct engine *engine, const char *id)
{
	auto_free char *path = intent_path(id);

	(void)unlinkat(engine->root.dir_fd, path, 0);
}

void container_restart_read(struct engine *engine, struct container *container)
{
	struct restart_record record;
	auto_free char *path = NULL;
	auto_fd int run_fd = -EBADF;

	container->restarting = false;
	container->restarts = 0;
	if (container->config.restart.kind == RESTART_NO)
		return;
	record = read_record(engine, container->id);
	container->restarts = (unsigned)record.count;
	if (container->state != CONTAINER_EXITED)
		return;
	path = intent_path(container->id);
	container->restarting =
		faccessat(engine->root.dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (container->restarting || !is_wanted(container, &record))
		return;
	/* It has just ended: whoever cleans up is about to plan it. */
	run_fd = container_open_run_folder(engine, container->id);
	container->restarting = run_fd >= 0;
}
