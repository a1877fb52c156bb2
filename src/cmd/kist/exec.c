/*
 * kist exec: run a command in a running container.
 */
#include "base/mem.h"
#include "cmd/kist/container-options.h"
#include "cmd/kist/kist.h"
#include "engine/container-config.h"
#include "engine/container-exec.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct exec_values {
	bool detach, interactive, tty, privileged;
	const char *user, *working_dir;
	struct strv env, env_files;
};

static const struct option options[] = {
	{"detach", 'd', OPTION_BOOL, offsetof(struct exec_values, detach), NULL,
	 "Detached mode: run command in the background"},
	{"env", 'e', OPTION_LIST, offsetof(struct exec_values, env), "list",
	 "Set environment variables"},
	{"env-file", 0, OPTION_LIST, offsetof(struct exec_values, env_files), "list",
	 "Read in a file of environment variables"},
	{"interactive", 'i', OPTION_BOOL, offsetof(struct exec_values, interactive), NULL,
	 "Keep STDIN open even if not attached"},
	{"privileged", 0, OPTION_BOOL, offsetof(struct exec_values, privileged), NULL,
	 "Give all capabilities to the command"},
	{"tty", 't', OPTION_BOOL, offsetof(struct exec_values, tty), NULL, "Not supported yet"},
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
	if (values->tty)
		return refuse_terminal(err);
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
	config->detach = values->detach;
	for (int i = 0; i < 3; i++)
		config->stdio[i] = values->detach ? -EBADF : i;
	if (!values->interactive)
		config->stdio[0] = -EBADF;
	return set_env(values, config, err);
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
		r = container_exec(&engine, &container, &config, &code, &err);
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
