/*
 * kist start: start stopped containers.
 */
#include "engine/container/start.h"
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/streams.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct start_values {
	bool attach, interactive;
	int sig_proxy;
	const char *detach_keys;
};

static const struct option options[] = {
	{"attach", 'a', OPTION_BOOL, offsetof(struct start_values, attach), NULL,
	 "Attach STDOUT/STDERR and forward signals"},
	{"detach-keys", 0, OPTION_STRING, offsetof(struct start_values, detach_keys), "string",
	 "Override the key sequence for detaching a container"},
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
	struct attach_options streams = ATTACH_OPTIONS_NONE;
	auto_attachment attachment = ATTACHMENT_NONE;
	auto_container container = {0};
	struct attach_result result;
	int r;

	r = container_find(engine, name, &container, err);
	if (r < 0)
		return r;
	/* Docker's -i attaches the output too. */
	streams.out = STDOUT_FILENO;
	streams.err = STDERR_FILENO;
	if (values->interactive && container.config.open_stdin)
		streams.in = STDIN_FILENO;
	streams.signal_proxy = values->sig_proxy >= 0;
	streams.detach_keys = values->detach_keys;
	r = streams_check(&streams, container.config.tty, err);
	if (r == 0)
		r = container_start(engine, &container, &streams, &attachment, err);
	if (r == 0)
		r = attachment_run(engine, &attachment, &streams, &result, err);
	if (r == 0)
		*ret_code = streams_exit_status(&result, container.name);
	return r;
}

static int run(const struct invocation *invocation, void *arg)
{
	const struct start_values *values = arg;
	const struct kist *kist = invocation->context;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_error err = {0};
	int code = 0;

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
	return code;
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
