/*
 * kist attach: connect our standard streams to a running container.
 */
#include "engine/container/attach.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/streams.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct attach_values {
	bool no_stdin;
	int sig_proxy;
	const char *detach_keys;
};

static const struct option options[] = {
	{"detach-keys", 0, OPTION_STRING, offsetof(struct attach_values, detach_keys), "string",
	 "Override the key sequence for detaching a container"},
	{"no-stdin", 0, OPTION_BOOL, offsetof(struct attach_values, no_stdin), NULL,
	 "Do not attach STDIN"},
	{"sig-proxy", 0, OPTION_SWITCH, offsetof(struct attach_values, sig_proxy), NULL,
	 "Proxy all received signals to the process (default true)"},
	{NULL},
};

static int attach(struct engine *engine, const char *name, const struct attach_values *values,
		  int *ret_code, struct error *err)
{
	struct attach_options streams = ATTACH_OPTIONS_NONE;
	auto_attachment attachment = ATTACHMENT_NONE;
	auto_container container = {0};
	struct attach_result result;
	int r;

	r = container_find(engine, name, &container, err);
	if (r < 0)
		return r;
	streams.out = STDOUT_FILENO;
	streams.err = STDERR_FILENO;
	if (!values->no_stdin && container.config.open_stdin)
		streams.in = STDIN_FILENO;
	streams.signal_proxy = values->sig_proxy >= 0 && !container.config.tty;
	streams.detach_keys = values->detach_keys;
	r = container.state == CONTAINER_RUNNING
		    ? streams_check(&streams, container.config.tty, err)
		    : error_set(err, ERROR_CONFLICT,
				"You cannot attach to a stopped container, start it first");
	if (r == 0)
		r = container_attach(engine, &container, &streams, &attachment, err);
	if (r == 0)
		r = attachment_run(engine, &attachment, &streams, &result, err);
	if (r < 0)
		return r;
	*ret_code = streams_exit_status(&result, container.name);
	if (result.end == ATTACH_DETACHED) {
		(void)fprintf(stderr, "read escape sequence\n");
		*ret_code = KIST_FAILED;
	}
	return 0;
}

static int run(const struct invocation *invocation, void *arg)
{
	const struct kist *kist = invocation->context;
	auto_engine engine = ENGINE_CLOSED;
	auto_error err = {0};
	int code = 0, r;

	r = engine_open(kist->dir, kist->run, &engine, &err);
	if (r == 0)
		r = attach(&engine, invocation->operands[0], arg, &code, &err);
	return r < 0 ? kist_fail(&err) : code;
}

const struct command command_attach = {
	.name = "attach",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Attach local standard input, output, and error streams to a running container",
	.options = options,
	.values_size = sizeof(struct attach_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
