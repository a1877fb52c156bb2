/*
 * kist start: start stopped containers.
 */
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"
#include "engine/container-start.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define EXIT_UNKNOWN 255

struct start_values {
	bool attach, interactive;
	int sig_proxy;
};

static const struct option options[] = {
	{"attach", 'a', OPTION_BOOL, offsetof(struct start_values, attach), NULL,
	 "Attach STDOUT/STDERR and forward signals"},
	{"interactive", 'i', OPTION_BOOL, offsetof(struct start_values, interactive), NULL,
	 "Attach container's STDIN"},
	{"sig-proxy", 0, OPTION_SWITCH, offsetof(struct start_values, sig_proxy), NULL,
	 "Proxy received signals to the process (default true)"},
	{NULL},
};

static int start_one(struct engine *engine, struct container *container, void *arg,
		     struct error *err)
{
	(void)arg;
	return container_start(engine, container, NULL, NULL, err);
}

static int start_attached(struct engine *engine, const char *name,
			  const struct start_values *values, int *ret_code, struct error *err)
{
	const struct container_stdio stdio = {
		values->interactive ? STDIN_FILENO : -EBADF,
		values->attach ? STDOUT_FILENO : -EBADF,
		values->attach ? STDERR_FILENO : -EBADF,
	};
	unsigned flags = values->sig_proxy >= 0 ? ATTACH_SIGNAL_PROXY : 0;
	struct container_attachment attachment;
	auto_container container = {0};
	int r;

	r = container_find(engine, name, &container, err);
	if (r == 0)
		r = container_start(engine, &container, &stdio, &attachment, err);
	if (r < 0)
		return r;
	return container_attach_run(engine, &container, &attachment, &stdio, flags, ret_code, err);
}

static int run(const struct invocation *invocation, void *arg)
{
	const struct start_values *values = arg;
	const struct kist *kist = invocation->context;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_error err = {0};
	int code;

	if (!values->attach && !values->interactive)
		return containers_each(invocation, true, start_one, NULL);
	if (invocation->operand_count > 1) {
		(void)error_set(&err, ERROR_INVALID,
				"you cannot start and attach multiple containers at once");
		return kist_fail(&err);
	}
	if (engine_open(kist->dir, kist->run, &engine, &err) < 0 ||
	    start_attached(&engine, invocation->operands[0], values, &code, &err) < 0)
		return kist_fail(&err);
	return code == CONTAINER_EXIT_UNKNOWN ? EXIT_UNKNOWN : code;
}

const struct command command_start = {
	.name = "start",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Start one or more stopped containers",
	.options = options,
	.values_size = sizeof(struct start_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};
