/*
 * kist exec: run a command in a running container.
 */
#include "engine/exec.h"
#include "base/mem.h"
#include "cmd/kist/container-options.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/streams.h"
#include "engine/container/config.h"
#include "kern/terminal.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct exec_values {
	bool detach, interactive, tty, privileged;
	const char *user, *working_dir, *detach_keys;
	struct strv env, env_files;
};

static const struct option options[] = {
	{"detach", 'd', OPTION_BOOL, offsetof(struct exec_values, detach), NULL,
	 "Detached mode: run command in the background"},
	{"detach-keys", 0, OPTION_STRING, offsetof(struct exec_values, detach_keys), "string",
	 "Override the key sequence for detaching a container"},
	{"env", 'e', OPTION_LIST, offsetof(struct exec_values, env), "list",
	 "Set environment variables"},
	{"env-file", 0, OPTION_LIST, offsetof(struct exec_values, env_files), "list",
	 "Read in a file of environment variables"},
	{"interactive", 'i', OPTION_BOOL, offsetof(struct exec_values, interactive), NULL,
	 "Keep STDIN open even if not attached"},
	{"privileged", 0, OPTION_BOOL, offsetof(struct exec_values, privileged), NULL,
	 "Give all capabilities to the command"},
	{"tty", 't', OPTION_BOOL, offsetof(struct exec_values, tty), NULL, "Allocate a pseudo-TTY"},
	{"user", 'u', OPTION_STRING, offsetof(struct exec_values, user), "string",
	 "Username or UID (format: <name|uid>[:<group|gid>])"},
	{"workdir", 'w', OPTION_STRING, offsetof(struct exec_values, working_dir), "string",
	 "Working directory inside the container"},
	{NULL},
};

static int set_env(const struct exec_values *values, struct exec_config *config, struct error *err)
{
	auto_container_config parsed = {0};
	auto_strv lines = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < values->env_files.n; i++)
		r = env_file_read(values->env_files.v[i], &lines, err);
	for (size_t i = 0; i < values->env.n; i++)
		strv_add(&lines, values->env.v[i]);
	for (size_t i = 0; r == 0 && i < lines.n; i++)
		r = container_config_add_env(&parsed, lines.v[i], err);
	strv_copy(&config->env, &parsed.env);
	return r;
}

static int set_config(const struct invocation *invocation, const struct exec_values *values,
		      struct exec_config *config, struct error *err)
{
	if (values->working_dir && values->working_dir[0] != '/')
		return error_set(err, ERROR_INVALID,
				 "the working directory '%s' is invalid, it needs to be an "
				 "absolute path",
				 values->working_dir);
	for (size_t i = 1; i < invocation->operand_count; i++)
		strv_add(&config->command, invocation->operands[i]);
	config->user = values->user ? mem_strdup(values->user) : NULL;
	config->working_dir = values->working_dir ? mem_strdup(values->working_dir) : NULL;
	config->privileged = values->privileged;
	config->tty = values->tty;
	config->open_stdin = values->interactive && !values->detach;
	config->attach_out = config->attach_err = !values->detach;
	config->detach_keys = values->detach_keys ? mem_strdup(values->detach_keys) : NULL;
	config->stdio[0] = values->interactive ? STDIN_FILENO : -EBADF;
	config->stdio[1] = STDOUT_FILENO;
	config->stdio[2] = STDERR_FILENO;
	return set_env(values, config, err);
}

static int run_detached(struct engine *engine, struct container *container,
			const struct exec_config *config, struct error *err)
{
	auto_exec exec = {0};
	int r = exec_create(engine, container, config, &exec, err);

	return r < 0 ? r : exec_start(engine, &exec, NULL, NULL, err);
}

static void set_size(struct exec_config *config, int screen)
{
	struct winsize size;

	if (screen < 0 || terminal_get_size(screen, &size) < 0)
		return;
	config->rows = size.ws_row;
	config->columns = size.ws_col;
}

/* With a terminal: its process has a keeper, and outlives us if we detach from it. */
static int run_attached(struct engine *engine, struct container *container,
			struct exec_config *config, int *ret_code, struct error *err)
{
	struct attach_options streams = ATTACH_OPTIONS_NONE;
	auto_attachment attachment = ATTACHMENT_NONE;
	struct attach_result result;
	auto_exec exec = {0};
	int r;

	streams.in = config->stdio[0];
	streams.out = STDOUT_FILENO;
	streams.detach_keys = config->detach_keys;
	r = streams_check(&streams, true, err);
	if (r < 0)
		return r;
	set_size(config, streams.screen);
	r = exec_create(engine, container, config, &exec, err);
	if (r < 0)
		return r;
	r = exec_start(engine, &exec, &streams, &attachment, err);
	if (r == 0)
		r = attachment_run(engine, &attachment, &streams, &result, err);
	if (r < 0 || result.end == ATTACH_EXITED)
		exec_remove(engine, &exec);
	if (r < 0)
		return r;
	*ret_code = streams_exit_status(&result, exec.id);
	if (result.end == ATTACH_DETACHED) {
		(void)fprintf(stderr, "read escape sequence\n");
		*ret_code = KIST_FAILED;
	}
	return 0;
}

static int execute(struct engine *engine, struct container *container,
		   const struct exec_values *values, struct exec_config *config, int *ret_code,
		   struct error *err)
{
	if (values->detach)
		return run_detached(engine, container, config, err);
	if (values->tty)
		return run_attached(engine, container, config, ret_code, err);
	return container_exec(engine, container, config, ret_code, err);
}

static int run(const struct invocation *invocation, void *arg)
{
	const struct kist *kist = invocation->context;
	CLEANUP(exec_config_release) struct exec_config config = {0};
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_container container = {0};
	auto_error err = {0};
	int code = 0, r;

	r = set_config(invocation, arg, &config, &err);
	if (r == 0)
		r = engine_open(kist->dir, kist->run, &engine, &err);
	if (r == 0)
		r = container_find(&engine, invocation->operands[0], &container, &err);
	if (r == 0)
		r = execute(&engine, &container, arg, &config, &code, &err);
	if (r < 0) {
		int status = error_exit_status(&err);

		(void)kist_fail(&err);
		return status == KIST_MISUSE ? KIST_FAILED : status;
	}
	return code;
}

const struct command command_exec = {
	.name = "exec",
	.usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.summary = "Execute a command in a running container",
	.options = options,
	.values_size = sizeof(struct exec_values),
	.operands_min = 2,
	.operands_max = OPERANDS_ANY,
	.flags = COMMAND_STOP_AT_OPERAND,
	.run = run,
};
