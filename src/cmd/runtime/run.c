/* kist-runtime run and create: make a container; run starts it as well. */
#include "cmd/runtime/runtime.h"

#include "base/parse.h"
#include "runtime/launch.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

struct run_values {
	const char *bundle;
	const char *console_socket;
	const char *pid_file;
	const char *preserve_fds;
	bool detach;
	bool keep;
	const char *config;
	const char *pidfd_socket;
	bool no_pivot;
	bool no_new_keyring;
	bool no_subreaper;
};

/* clang-format off: a table, in spite of the macro */
#define FIELD(name) offsetof(struct run_values, name)
#define COMMON_OPTIONS                                                                               \
	{"bundle",	'b',   OPTION_STRING,                                                        \
	 FIELD(bundle), "dir", "Folder of config.json (default: the working directory)"},            \
		{"config",	'f',	OPTION_STRING,                                               \
		 FIELD(config), "file", "Read this instead of config.json in the folder"},           \
		{"console-socket",	0,	OPTION_STRING,                                       \
		 FIELD(console_socket), "path", "Unix socket that gets the master of the terminal"}, \
		{"pid-file",	  0,	  OPTION_STRING,                                             \
		 FIELD(pid_file), "file", "Write the process id to a file"},                         \
		{"pidfd-socket",      0,      OPTION_STRING,                                         \
		 FIELD(pidfd_socket), "path", "Unix socket that gets a pidfd of the process"},       \
		{"preserve-fds", 0,                                                                  \
		 OPTION_STRING,	 FIELD(preserve_fds),                                                \
		 "number",	 "Pass on this many descriptors behind standard error"},             \
		{"no-pivot",                                                                         \
		 0,                                                                                  \
		 OPTION_BOOL,                                                                        \
		 FIELD(no_pivot),                                                                    \
		 NULL,                                                                               \
		 "Do not use pivot_root (for a root file system in the initial ramfs)"},             \
		{"no-new-keyring",	0,    OPTION_BOOL,                                           \
		 FIELD(no_new_keyring), NULL, "Keep the caller's session keyring"},                  \
	{                                                                                            \
		"no-subreaper", 0, OPTION_BOOL, FIELD(no_subreaper), NULL,                           \
			"Accepted for compatibility: the runtime never is one"                       \
	}
/* clang-format on */

static const struct option create_options[] = {
	COMMON_OPTIONS,
	{NULL},
};

static const struct option run_options[] = {
	COMMON_OPTIONS,
	{"detach", 'd', OPTION_BOOL, offsetof(struct run_values, detach), NULL,
	 "Return when the process runs"},
	{"keep", 0, OPTION_BOOL, offsetof(struct run_values, keep), NULL,
	 "Do not delete the container when it has ended"},
	{NULL},
};

static int make_launch(const struct invocation *invocation, const struct run_values *values,
		       struct launch *ret, struct error *err)
{
	struct runtime *runtime = invocation->context;
	uint32_t preserve = 0;
	int r;

	if (values->preserve_fds && parse_u32(values->preserve_fds, 0, 1024, &preserve) < 0)
		return error_set(err, ERROR_INVALID,
				 "--preserve-fds must be a number up to 1024, not %s",
				 values->preserve_fds);
	r = runtime_open(runtime, err);
	if (r < 0)
		return r;
	*ret = (struct launch) {
		.root_fd = runtime->root_fd,
		.id = invocation->operands[0],
		.bundle = values->bundle,
		.pid_file = values->pid_file,
		.console_socket = values->console_socket,
		.preserve_fds = preserve,
		.detach = values->detach,
		.keep = values->keep,
		.keyring = values->no_new_keyring,
		.no_pivot = values->no_pivot,
		.no_cgroup = runtime->cgroup_manager && STREQ(runtime->cgroup_manager, "disabled"),
		.config = values->config,
		.pidfd_socket = values->pidfd_socket,
		.warn = runtime_warn,
		.debug = runtime->debug ? runtime_debug : NULL,
	};
	return 0;
}

static int create(const struct invocation *invocation, void *values)
{
	auto_error err = {0};
	struct launch launch;
	int r;

	r = make_launch(invocation, values, &launch, &err);
	if (r == 0)
		r = launch_create(&launch, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

static int run(const struct invocation *invocation, void *values)
{
	auto_error err = {0};
	struct launch launch;
	int status = 0, r;

	r = make_launch(invocation, values, &launch, &err);
	if (r == 0)
		r = launch_run(&launch, &status, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : status;
}

const struct command command_create = {
	.name = "create",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Make a container that waits to be started",
	.options = create_options,
	.values_size = sizeof(struct run_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = create,
};

const struct command command_run_container = {
	.name = "run",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Make a container and start it",
	.options = run_options,
	.values_size = sizeof(struct run_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
