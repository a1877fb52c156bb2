#include "engine/exec.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/time.h"
#include "engine/container/attach.h"
#include "engine/container/load.h"
#include "engine/container/name.h"
#include "engine/container/state.h"
#include "engine/exec-process.h"
#include "engine/exec-record.h"
#include "engine/runtime-call.h"
#include "io/atomic-file.h"
#include "monitor/client.h"
#include "monitor/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES	     "execs"
#define RECORD_NAME  "exec.json"
#define PROCESS_NAME "process.json"
/* Made by whoever starts it, exclusively: it runs once. */
#define CLAIM_NAME "started"
/* Those that have ended are forgotten so long afterwards, as Docker does. */
#define KEPT_TIME (5 * 60 * TIME_SECOND)

/* What the container's end waits for those who reap its processes. */
#define RECORD_TIME	(2 * TIME_SECOND)
#define RECORD_PAUSE_NS 500000

void exec_release(struct exec *exec)
{
	exec_config_release(&exec->config);
}

static char *folder_of(const char *container_id, const char *id)
{
	return mem_printf("containers/%s/exec/%s", container_id, id);
}

static char *bundle_of(const struct engine *engine, const struct exec *exec)
{
	return mem_printf("%s/containers/%s/exec/%s", engine->root.run, exec->container_id,
			  exec->id);
}

static int open_folder(const struct engine *engine, const char *container_id, const char *id)
{
	auto_free char *path = folder_of(container_id, id);
	int fd = openat(engine->root.run_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void forget_name(const struct engine *engine, const char *id)
{
	char path[sizeof(NAMES "/") + EXEC_ID_SIZE];

	(void)snprintf(path, sizeof(path), NAMES "/%s", id);
	(void)unlinkat(engine->root.run_fd, path, 0);
}

static void forget(const struct engine *engine, const char *container_id, const char *id)
{
	auto_free char *path = folder_of(container_id, id);

	forget_name(engine, id);
	(void)!tree_remove(engine->root.run_fd, path);
}

/* What has happened to it, from its folder. */
static void read_state(int dir_fd, struct exec *exec)
{
	struct wire_exit exit;
	pid_t pid = 0;
	int r = monitor_read_exit(dir_fd, EXIT_FILE, &exit);
	auto_fd int keeper = -EBADF;

	exec->exit_code = CONTAINER_EXIT_UNKNOWN;
	exec->pid = 0;
	if (r != -ENOENT) {
		exec->state = EXEC_EXITED;
		exec->exit_code = r < 0 ? CONTAINER_EXIT_UNKNOWN : exit.code;
		return;
	}
	if (faccessat(dir_fd, CLAIM_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		exec->state = EXEC_CREATED;
		return;
	}
	r = container_process_look(dir_fd, &pid);
	keeper = container_monitor_open(dir_fd, NULL);
	exec->state = r > 0 || keeper >= 0 ? EXEC_RUNNING : EXEC_EXITED;
	exec->pid = r > 0 ? pid : 0;
	/* It may have been recorded between our looks. */
	if (exec->state == EXEC_EXITED && monitor_read_exit(dir_fd, EXIT_FILE, &exit) == 0)
		exec->exit_code = exit.code;
}

/* 0; -ENOENT. */
static int load(const struct engine *engine, const char *container_id, const char *id,
		struct exec *ret, struct error *err)
{
	auto_fd int dir_fd = open_folder(engine, container_id, id);
	auto_exec exec = {.exit_code = CONTAINER_EXIT_UNKNOWN};
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = dir_fd < 0 ? dir_fd : atomic_read(dir_fd, RECORD_NAME, EXEC_RECORD_MAX, &text, &len);
	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "No such exec instance: %s", id);
	if (r < 0)
		return error_errno(err, r, "read the record of exec %.12s", id);
	r = exec_record_read(text, len, &exec.config, err);
	if (r < 0)
		return r;
	memcpy(exec.id, id, EXEC_ID_SIZE);
	memcpy(exec.container_id, container_id, CONTAINER_ID_SIZE);
	read_state(dir_fd, &exec);
	*ret = exec;
	exec = (struct exec) {0};
	return 0;
}

int exec_find(struct engine *engine, const char *id, struct exec *ret, struct error *err)
{
	char path[sizeof(NAMES "/") + EXEC_ID_SIZE], container_id[CONTAINER_ID_SIZE] = "";
	ssize_t n = -1;

	if (parse_is_hex(id, EXEC_ID_SIZE - 1)) {
		(void)snprintf(path, sizeof(path), NAMES "/%s", id);
		n = readlinkat(engine->root.run_fd, path, container_id, sizeof(container_id));
	}
	if (n != CONTAINER_ID_SIZE - 1)
		return error_set(err, ERROR_NOT_FOUND, "No such exec instance: %s", id);
	container_id[n] = '\0';
	return load(engine, container_id, id, ret, err);
}

/* Calls @each for every exec of a container, in no order. */
static int each_exec(const struct engine *engine, const char *container_id,
		     void (*each)(const struct engine *engine, const char *container_id,
				  const char *id, int dir_fd, void *arg),
		     void *arg)
{
	auto_free char *path = mem_printf("containers/%s/exec", container_id);
	int fd = openat(engine->root.run_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		auto_fd int dir_fd = -EBADF;

		if (!parse_is_hex(entry->d_name, EXEC_ID_SIZE - 1))
			continue;
		dir_fd = open_folder(engine, container_id, entry->d_name);
		if (dir_fd >= 0)
			each(engine, container_id, entry->d_name, dir_fd, arg);
	}
	(void)closedir(dir);
	return 0;
}

static void add_living(const struct engine *engine, const char *container_id, const char *id,
		       int dir_fd, void *arg)
{
	struct exec exec = {0};

	(void)engine;
	(void)container_id;
	read_state(dir_fd, &exec);
	if (exec.state != EXEC_EXITED)
		strv_add(arg, id);
}

int exec_list(struct engine *engine, const char *container_id, struct strv *ret, struct error *err)
{
	int r = each_exec(engine, container_id, add_living, ret);

	return r < 0 ? error_errno(err, r, "list the execs of container %.12s", container_id) : 0;
}

static void forget_old(const struct engine *engine, const char *container_id, const char *id,
		       int dir_fd, void *arg)
{
	int64_t now = *(const int64_t *)arg;
	struct wire_exit exit;

	if (monitor_read_exit(dir_fd, EXIT_FILE, &exit) == 0 && now - exit.time > KEPT_TIME)
		forget(engine, container_id, id);
}

/* The process has been killed with its container: the keeper reaps it and says so. It may then
 * live on a little, to tell those attached. */
static void await_keeper(int dir_fd, int64_t deadline)
{
	const struct timespec pause = {.tv_nsec = RECORD_PAUSE_NS};

	while (time_monotonic() < deadline) {
		auto_fd int keeper = container_monitor_open(dir_fd, NULL);

		if (keeper < 0 || faccessat(dir_fd, EXIT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static void forget_each(const struct engine *engine, const char *container_id, const char *id,
			int dir_fd, void *arg)
{
	(void)container_id;
	await_keeper(dir_fd, *(const int64_t *)arg);
	forget_name(engine, id);
}

void exec_forget_all(struct engine *engine, const char *container_id)
{
	int64_t deadline = time_monotonic() + RECORD_TIME;

	(void)!each_exec(engine, container_id, forget_each, &deadline);
}

static int check_running(const struct container *container, struct error *err)
{
	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	if (container->paused)
		return error_set(err, ERROR_CONFLICT,
				 "Container %s is paused, unpause the container before exec",
				 container->id);
	return 0;
}

static int check(const struct container *container, const struct exec_config *config,
		 struct error *err)
{
	struct detach_keys keys;
	int r = check_running(container, err);

	if (r < 0)
		return r;
	if (config->command.n == 0 || !*config->command.v[0])
		return error_set(err, ERROR_INVALID, "No exec command specified");
	return detach_keys_parse(config->detach_keys, &keys, err);
}

/* Its folder, then its name: one without the other goes with the container. */
static int place(struct engine *engine, const struct exec *exec, struct error *err)
{
	auto_free char *path = folder_of(exec->container_id, exec->id);
	auto_fd int run_fd = -EBADF, names_fd = -EBADF, dir_fd = -EBADF;
	auto_str text = {0};
	int r;

	/* A container that ends meanwhile takes its folder with it: it is not made again. */
	run_fd = container_open_run_folder(engine, exec->container_id);
	if (run_fd < 0)
		return error_set(err, ERROR_CONFLICT, "container %s is not running",
				 exec->container_id);
	dir_fd = directory_open(run_fd, "exec", 0700);
	r = dir_fd < 0 || mkdirat(dir_fd, exec->id, 0700) == 0 ? MIN(dir_fd, 0) : -errno;
	fd_closep(&dir_fd);
	dir_fd = r < 0 ? r : open_folder(engine, exec->container_id, exec->id);
	if (dir_fd < 0)
		return error_errno(err, dir_fd, "make %s/%s", engine->root.run, path);
	exec_record_write(&exec->config, &text);
	r = atomic_write(dir_fd, RECORD_NAME, text.data, text.len, 0600, 0);
	if (r < 0)
		return error_errno(err, r, "write the record of an exec");
	names_fd = root_run_open(&engine->root, NAMES, err);
	if (names_fd < 0)
		return names_fd;
	if (symlinkat(exec->container_id, names_fd, exec->id) < 0)
		return error_errno(err, errno, "name an exec");
	return 0;
}

static void copy_config(const struct exec_config *from, struct exec_config *to)
{
	*to = (struct exec_config) {
		.user = mem_strdup(from->user),
		.working_dir = mem_strdup(from->working_dir),
		.detach_keys = mem_strdup(from->detach_keys),
		.privileged = from->privileged,
		.tty = from->tty,
		.open_stdin = from->open_stdin,
		.attach_out = from->attach_out,
		.attach_err = from->attach_err,
		.rows = MIN(from->rows, EXEC_SIZE_MAX),
		.columns = MIN(from->columns, EXEC_SIZE_MAX),
	};
	strv_copy(&to->command, &from->command);
	strv_copy(&to->env, &from->env);
}

int exec_create(struct engine *engine, struct container *container,
		const struct exec_config *config, struct exec *ret, struct error *err)
{
	int64_t now = time_now();
	auto_exec exec = {.exit_code = CONTAINER_EXIT_UNKNOWN};
	int r;

	r = check(container, config, err);
	if (r < 0)
		return r;
	(void)!each_exec(engine, container->id, forget_old, &now);
	r = container_id_make(exec.id, err);
	if (r < 0)
		return r;
	memcpy(exec.container_id, container->id, CONTAINER_ID_SIZE);
	copy_config(config, &exec.config);
	r = place(engine, &exec, err);
	if (r < 0) {
		forget(engine, exec.container_id, exec.id);
		return r;
	}
	*ret = exec;
	exec = (struct exec) {0};
	return 0;
}

static int claim(int dir_fd, const struct exec *exec, struct error *err)
{
	if (mknodat(dir_fd, CLAIM_NAME, S_IFREG | 0600, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, errno, "start exec %.12s", exec->id);
	return error_set(err, ERROR_CONFLICT, "Error: Exec command %s %s", exec->id,
			 exec->state == EXEC_EXITED ? "has already run" : "is already running");
}

static int keeper_arguments(struct engine *engine, const struct container *container,
			    const struct exec *exec, struct strv *args, struct error *err)
{
	auto_free char *bundle = bundle_of(engine, exec);
	auto_free char *state = runtime_root(engine), *runtime = NULL;
	int r = runtime_path(&container->config, &runtime, err);

	if (r < 0)
		return r;
	strv_add_format(args, "--id=%s", container->id);
	strv_add_format(args, "--bundle=%s", bundle);
	strv_add_format(args, "--process=%s/" PROCESS_NAME, bundle);
	strv_add_format(args, "--exit=%s/" EXIT_FILE, bundle);
	strv_add_format(args, "--runtime=%s", runtime);
	strv_add_format(args, "--runtime-root=%s", state);
	if (exec->config.tty)
		strv_add(args, "--terminal");
	if (exec->config.open_stdin)
		strv_add(args, "--stdin");
	return 0;
}

/* Up to the commit the keeper ends with our connection, and the process with it. */
static int launch(struct engine *engine, const struct container *container, const struct exec *exec,
		  const struct attach_options *options, int dir_fd, int *ret_fd, struct error *err)
{
	struct wire_started started;
	auto_fd int fd = -EBADF;
	auto_strv args = {0};
	auto_str process = {0};
	int r;

	r = exec_process_write(container, &exec->config, &process, err);
	if (r < 0)
		return r;
	r = atomic_write(dir_fd, PROCESS_NAME, process.data, process.len, 0600, 0);
	if (r < 0)
		return error_errno(err, r, "write down the process to execute");
	r = keeper_arguments(engine, container, exec, &args, err);
	if (r == 0)
		r = monitor_start(&args, NULL, 0, &fd, err);
	if (r == 0 && options)
		r = attachment_request(fd, options, exec->config.open_stdin, true, err);
	if (r == 0)
		r = monitor_await_started(fd, &started, err);
	if (r == 0)
		r = monitor_send(fd, WIRE_COMMIT, NULL, 0, err);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

/* What it ended with, for those who look later; why is @why. */
static int record_failure(struct engine *engine, const struct exec *exec, struct error *why,
			  struct error *err)
{
	const struct wire_exit exit = {.code = error_exit_status(why), .time = time_now()};
	auto_free char *bundle = bundle_of(engine, exec);
	auto_free char *path = mem_printf("%s/" EXIT_FILE, bundle);

	(void)!record_exit(path, &exit, false);
	return error_move(err, why);
}

int exec_start(struct engine *engine, struct exec *exec, const struct attach_options *options,
	       struct attachment *ret, struct error *err)
{
	auto_fd int dir_fd = open_folder(engine, exec->container_id, exec->id);
	auto_container container = {0};
	auto_error why = {0};
	int fd, r;

	r = container_load(engine, exec->container_id, &container, err);
	if (r < 0)
		return r;
	if (r == 0 || dir_fd < 0)
		return error_set(err, ERROR_NOT_FOUND, "No such exec instance: %s", exec->id);
	r = check_running(&container, err);
	if (r == 0)
		r = claim(dir_fd, exec, err);
	if (r < 0)
		return r;
	r = launch(engine, &container, exec, options, dir_fd, &fd, &why);
	if (r < 0)
		return record_failure(engine, exec, &why, err);
	read_state(dir_fd, exec);
	if (!options) {
		(void)fd_close(fd);
		return 0;
	}
	*ret = (struct attachment) {
		.fd = fd,
		.waiting_fd = -EBADF,
		.exact = true,
		.tty = exec->config.tty,
		.with_stdin = exec->config.open_stdin,
		.stdin_once = true,
	};
	return 0;
}

int exec_resize(struct engine *engine, const struct exec *exec, unsigned rows, unsigned columns,
		struct error *err)
{
	auto_free char *bundle = bundle_of(engine, exec);

	if (exec->state != EXEC_RUNNING)
		return error_set(err, ERROR_CONFLICT, "exec %s is not running", exec->id);
	if (!exec->config.tty)
		return error_set(err, ERROR_CONFLICT, "exec %s has no terminal", exec->id);
	return attach_resize(bundle, rows, columns, err);
}

void exec_remove(struct engine *engine, const struct exec *exec)
{
	forget(engine, exec->container_id, exec->id);
}
