/* kist-runtime exec: run one more process in a container. */
#include "cmd/runtime/runtime.h"

#include "base/parse.h"
#include "base/strv.h"
#include "runtime/launch.h"

#include <stdint.h>

struct exec_values {
	const char *process;
	const char *console_socket;
	const char *cwd;
	const char *user;
	const char *pid_file;
	const char *preserve_fds;
	const char *pidfd_socket;
	const char *apparmor;
	const char *process_label;
	struct strv env;
	struct strv caps;
	struct strv groups;
	struct strv cgroups;
	bool ignore_paused;
	bool no_subreaper;
	bool tty;
	bool detach;
	bool no_new_privs;
};

static const struct option options[] = {
	{"process", 'p', OPTION_STRING, offsetof(struct exec_values, process), "file",
	 "A process object as in config.json"},
	{"console-socket", 0, OPTION_STRING, offsetof(struct exec_values, console_socket), "path",
	 "Unix socket that gets the master of the terminal"},
	{"cwd", 'w', OPTION_STRING, offsetof(struct exec_values, cwd), "dir", "Working directory"},
	{"user", 'u', OPTION_STRING, offsetof(struct exec_values, user), "uid[:gid]", "User"},
	{"env", 'e', OPTION_LIST, offsetof(struct exec_values, env), "list",
	 "Environment variables (NAME=value)"},
	{"cap", 'c', OPTION_LIST, offsetof(struct exec_values, caps), "list",
	 "Capabilities beyond the container's"},
	{"additional-gids", 'g', OPTION_LIST, offsetof(struct exec_values, groups), "gid",
	 "Further groups"},
	{"apparmor", 0, OPTION_STRING, offsetof(struct exec_values, apparmor), "profile",
	 "AppArmor profile"},
	{"process-label", 0, OPTION_STRING, offsetof(struct exec_values, process_label), "label",
	 "SELinux label"},
	{"cgroup", 0, OPTION_LIST, offsetof(struct exec_values, cgroups), "[controller:]path",
	 "Cgroup below the container's"},
	{"pidfd-socket", 0, OPTION_STRING, offsetof(struct exec_values, pidfd_socket), "path",
	 "Unix socket that gets a pidfd of the process"},
	{"ignore-paused", 0, OPTION_BOOL, offsetof(struct exec_values, ignore_paused), NULL,
	 "Also in a paused container"},
	{"no-subreaper", 0, OPTION_BOOL, offsetof(struct exec_values, no_subreaper), NULL,
	 "Accepted for compatibility: the runtime never is one"},
	{"tty", 't', OPTION_BOOL, offsetof(struct exec_values, tty), NULL, "Allocate a terminal"},
	{"detach", 'd', OPTION_BOOL, offsetof(struct exec_values, detach), NULL,
	 "Return when the process runs"},
	{"pid-file", 0, OPTION_STRING, offsetof(struct exec_values, pid_file), "file",
	 "Write the process id to a file"},
	{"preserve-fds", 0, OPTION_STRING, offsetof(struct exec_values, preserve_fds), "number",
	 "Pass on this many descriptors behind standard error"},
	{"no-new-privs", 0, OPTION_BOOL, offsetof(struct exec_values, no_new_privs), NULL,
	 "Set no_new_privs"},
	{NULL},
};

static int check(const struct invocation *invocation, const struct exec_values *values,
		 uint32_t *preserve, struct error *err)
{
	bool args = invocation->operand_count > 1;

	if (!values->process && !args)
		return error_set(err, ERROR_INVALID,
				 "exec needs a command, or --process with a file that has one");
	if (values->process && args)
		return error_set(err, ERROR_INVALID, "exec takes a command or --process, not both");
	if (values->preserve_fds && parse_u32(values->preserve_fds, 0, 1024, preserve) < 0)
		return error_set(err, ERROR_INVALID,
				 "--preserve-fds must be a number up to 1024, not %s",
				 values->preserve_fds);
	return 0;
}

static int run_exec(const struct invocation *invocation, void *arg)
{
	const struct exec_values *values = arg;
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	uint32_t preserve = 0;
	int status = 0, r;

	r = check(invocation, values, &preserve, &err);
	if (r == 0)
		r = runtime_open(runtime, &err);
	if (r == 0) {
		struct launch launch = {
			.root_fd = runtime->root_fd,
			.id = invocation->operands[0],
			.pid_file = values->pid_file,
			.console_socket = values->console_socket,
			.preserve_fds = preserve,
			.detach = values->detach,
			.ignore_paused = values->ignore_paused,
			.pidfd_socket = values->pidfd_socket,
			.sub_cgroups = &values->cgroups,
			.warn = runtime_warn,
			.debug = runtime->debug ? runtime_debug : NULL,
		};
		struct launch_exec exec = {
			.process = values->process,
			.args = invocation->operands + 1,
			.cwd = values->cwd,
			.user = values->user,
			.env = &values->env,
			.caps = &values->caps,
			.groups = &values->groups,
			.apparmor = values->apparmor,
			.selinux = values->process_label,
			.tty = values->tty,
			.no_new_privs = values->no_new_privs,
		};

		r = launch_exec(&launch, &exec, &status, &err);
	}
	return r < 0 ? runtime_fail(&err, RUNTIME_EXEC_FAILED) : status;
}

const struct command command_exec = {
	.name = "exec",
	.usage = "[OPTIONS] CONTAINER [COMMAND [ARG...]]",
	.summary = "Run one more process in a container",
	.options = options,
	.values_size = sizeof(struct exec_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.flags = COMMAND_STOP_AT_OPERAND,
	.run = run_exec,
};
