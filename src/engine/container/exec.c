#include "engine/container/exec.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/exec-pipes.h"
#include "engine/exec-process.h"
#include "engine/runtime-call.h"
#include "io/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOG_MAX (256 * 1024)

void exec_config_release(struct exec_config *config)
{
	strv_release(&config->command);
	strv_release(&config->env);
	mem_freep(&config->user);
	mem_freep(&config->working_dir);
	mem_freep(&config->detach_keys);
}

static int make_process_file(const struct container *container, const struct exec_config *config,
			     struct error *err)
{
	auto_fd int fd = -EBADF;
	auto_str text = {0};
	int r;

	r = exec_process_write(container, config, &text, err);
	if (r < 0)
		return r;
	fd = memfd_create("process", MFD_CLOEXEC);
	r = fd < 0 ? -errno : fd_write_full(fd, text.data, text.len);
	return r < 0 ? error_errno(err, r, "write down the process to execute") : TAKE_FD(fd);
}

/* What the runtime itself had to say, as opposed to the process. */
static int explain(int log_fd, const struct container *container, struct error *err)
{
	auto_free char *text = NULL, *message = NULL;
	size_t len;

	(void)lseek(log_fd, 0, SEEK_SET);
	if (fd_read_all(log_fd, LOG_MAX, &text, &len) < 0 || len == 0)
		return 0;
	message = runtime_message(text);
	return error_set(err, runtime_message_kind(message), "exec in container %.12s: %s",
			 container->id, message);
}

/* Numbers in the runtime: its stdio, then what /proc/self/fd names. */
enum { PROCESS_FD = 3, LOG_FD = 4 };

static int call_runtime(struct engine *engine, const struct container *container,
			const struct exec_config *config, int process_fd, int log_fd, int *ret_code,
			struct error *err)
{
	auto_free char *path = NULL, *root = runtime_root(engine);
	CLEANUP(exec_pipes_release) struct exec_pipes pipes = EXEC_PIPES_NONE;
	auto_strv argv = {0};
	struct child child;
	int r;

	r = runtime_path(&container->config, &path, err);
	if (r == 0)
		r = exec_pipes_open(&pipes, config->stdio, err);
	if (r < 0)
		return r;
	strv_add(&argv, path);
	strv_add(&argv, "--root");
	strv_add(&argv, root);
	strv_add_format(&argv, "--log=/proc/self/fd/%d", LOG_FD);
	strv_add(&argv, "--log-format=json");
	strv_add(&argv, "exec");
	strv_add_format(&argv, "--process=/proc/self/fd/%d", PROCESS_FD);
	strv_add(&argv, container->id);
	const struct spawn_fd fds[] = {{pipes.process[0], 0},
				       {pipes.process[1], 1},
				       {pipes.process[2], 2},
				       {process_fd, PROCESS_FD},
				       {log_fd, LOG_FD}};
	const struct spawn call = {
		.path = path, .argv = strv_argv(&argv), .fds = fds, .fd_count = ARRAY_SIZE(fds)};

	r = spawn(&call, &child);
	if (r < 0)
		return error_errno(err, r, "execute %s", path);
	r = exec_pipes_carry(&pipes, child.pid_fd, err);
	if (r < 0)
		return r;
	r = child_wait(&child, ret_code);
	return r < 0 ? error_errno(err, r, "execute %s", path) : 0;
}

int container_exec(struct engine *engine, struct container *container,
		   const struct exec_config *config, int *ret_code, struct error *err)
{
	auto_fd int process_fd = -EBADF, log_fd = -EBADF;
	auto_error why = {0};
	int r, code;

	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	if (config->command.n == 0)
		return error_set(err, ERROR_INVALID, "no exec command specified");
	process_fd = make_process_file(container, config, err);
	if (process_fd < 0)
		return process_fd;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (log_fd < 0)
		return error_errno(err, errno, "make room for the runtime's messages");
	r = call_runtime(engine, container, config, process_fd, log_fd, &code, err);
	if (r < 0)
		return r;
	/* The runtime logs an error only when there was no process to speak of. */
	r = code == 0 ? 0 : explain(log_fd, container, &why);
	/* It has said so on the stderr that it was given: once is enough. */
	if (r < 0 && config->stdio[2] < 0)
		return error_move(err, &why);
	*ret_code = r < 0 ? error_exit_status(&why) : code;
	return 0;
}
