/*
 * kist run, kist create: make a container of an image.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "cmd/kist/container-options.h"
#include "cmd/kist/image-ensure.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/streams.h"
#include "engine/container/create.h"
#include "engine/container/start.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

struct run_values {
	struct container_options container; /* first: the tables share their rows */
	bool detach;
	int sig_proxy;
	const char *detach_keys;
};

static const struct option run_options[] = {
	CONTAINER_OPTIONS,
	{"detach", 'd', OPTION_BOOL, offsetof(struct run_values, detach), NULL,
	 "Run container in background and print container ID"},
	{"detach-keys", 0, OPTION_STRING, offsetof(struct run_values, detach_keys), "string",
	 "Override the key sequence for detaching a container"},
	{"sig-proxy", 0, OPTION_SWITCH, offsetof(struct run_values, sig_proxy), NULL,
	 "Proxy received signals to the process (default true)"},
	{NULL},
};

static const struct option create_options[] = {
	CONTAINER_OPTIONS,
	{NULL},
};

/* --cidfile: claimed before the container is made, filled when it is, gone when it is not. */
struct cidfile {
	const char *path; /* NULL: none */
	int fd;
};

static int cidfile_open(const char *path, struct cidfile *ret, struct error *err)
{
	*ret = (struct cidfile) {.path = path, .fd = -EBADF};
	if (!path)
		return 0;
	ret->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (ret->fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT,
				 "container ID file found, make sure the other container isn't "
				 "running or delete %s",
				 path);
	return ret->fd < 0 ? error_errno(err, errno, "create the container ID file %s", path) : 0;
}

static void cidfile_finish(struct cidfile *cidfile, const char *id)
{
	if (cidfile->fd < 0)
		return;
	if (!id || fd_write_full(cidfile->fd, id, CONTAINER_ID_SIZE - 1) < 0)
		(void)unlink(cidfile->path);
	cidfile->fd = fd_close(cidfile->fd);
}

static void print_warnings(const struct strv *warnings)
{
	for (size_t i = 0; i < warnings->n; i++)
		kist_say("WARNING: ", warnings->v[i]);
}

/* -a names the streams; without it all but stdin, which -i adds. */
static int choose_streams(const struct run_values *values, struct attach_options *ret,
			  struct error *err)
{
	const struct container_options *options = &values->container;
	const struct strv *attach = &options->attach;

	for (size_t i = 0; i < attach->n; i++) {
		if (strcasecmp(attach->v[i], "stdin") == 0)
			ret->in = STDIN_FILENO;
		else if (strcasecmp(attach->v[i], "stdout") == 0)
			ret->out = STDOUT_FILENO;
		else if (strcasecmp(attach->v[i], "stderr") == 0)
			ret->err = STDERR_FILENO;
		else
			return error_set(err, ERROR_INVALID,
					 "invalid argument \"%s\" for \"-a, --attach\" flag: valid "
					 "streams are STDIN, STDOUT and STDERR",
					 attach->v[i]);
	}
	if (attach->n > 0 && values->detach)
		return error_set(err, ERROR_INVALID, "Conflicting options: -a and -d");
	if (attach->n == 0) {
		ret->in = options->interactive ? STDIN_FILENO : -EBADF;
		ret->out = STDOUT_FILENO;
		ret->err = STDERR_FILENO;
	}
	return values->detach ? 0 : streams_check(ret, options->tty, err);
}

static int run_attached(struct engine *engine, const struct container_config *config,
			const struct attach_options *options, struct cidfile *cidfile,
			int *ret_code, struct error *err)
{
	auto_attachment attachment = ATTACHMENT_NONE;
	auto_container container = {0};
	struct attach_result result;
	auto_strv warnings = {0};
	int r;

	r = container_run(engine, config, &container, options, &attachment, &warnings, err);
	print_warnings(&warnings);
	cidfile_finish(cidfile, r < 0 ? NULL : container.id);
	if (r == 0)
		r = attachment_run(engine, &attachment, options, &result, err);
	if (r == 0)
		*ret_code = streams_exit_status(&result, container.name);
	return r;
}

static int run_detached(struct engine *engine, const struct container_config *config,
			struct cidfile *cidfile, struct error *err)
{
	auto_container container = {0};
	auto_strv warnings = {0};
	int r;

	r = container_run(engine, config, &container, NULL, NULL, &warnings, err);
	print_warnings(&warnings);
	cidfile_finish(cidfile, r < 0 ? NULL : container.id);
	if (r == 0)
		(void)printf("%s\n", container.id);
	return r;
}

/* What both verbs do before there is a container. */
static int prepare(const struct invocation *invocation, const struct container_options *options,
		   struct engine *engine, struct container_config *config, struct cidfile *cidfile,
		   struct error *err)
{
	const struct kist *kist = invocation->context;
	int r;

	r = container_options_config(options, invocation->operands, invocation->operand_count,
				     config, err);
	if (r == 0)
		r = engine_open(kist->dir, kist->run, engine, err);
	if (r == 0)
		r = image_ensure(engine, config, err);
	return r < 0 ? r : cidfile_open(options->cidfile, cidfile, err);
}

static int run(const struct invocation *invocation, void *arg)
{
	const struct run_values *values = arg;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	struct attach_options streams = ATTACH_OPTIONS_NONE;
	auto_container_config config = {0};
	struct cidfile cidfile = {.fd = -EBADF};
	auto_error err = {0};
	int r, code = 0;

	streams.signal_proxy = values->sig_proxy >= 0;
	streams.detach_keys = values->detach_keys;
	r = choose_streams(values, &streams, &err);
	if (r == 0)
		r = prepare(invocation, &values->container, &engine, &config, &cidfile, &err);
	config.stdin_once = !values->detach && streams.in >= 0;
	if (r == 0)
		r = values->detach
			    ? run_detached(&engine, &config, &cidfile, &err)
			    : run_attached(&engine, &config, &streams, &cidfile, &code, &err);
	return r < 0 ? container_options_fail(invocation, &err) : code;
}

static int create(const struct invocation *invocation, void *arg)
{
	const struct container_options *options = arg;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_container_config config = {0};
	struct cidfile cidfile = {.fd = -EBADF};
	auto_container container = {0};
	auto_strv warnings = {0};
	auto_error err = {0};
	int r;

	r = prepare(invocation, options, &engine, &config, &cidfile, &err);
	config.stdin_once = config.open_stdin;
	if (r == 0) {
		r = container_create(&engine, &config, &container, &warnings, &err);
		print_warnings(&warnings);
		cidfile_finish(&cidfile, r < 0 ? NULL : container.id);
	}
	if (r < 0) {
		(void)container_options_fail(invocation, &err);
		return KIST_FAILED;
	}
	(void)printf("%s\n", container.id);
	return 0;
}

const struct command command_run_verb = {
	.name = "run",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.summary = "Create and run a new container from an image",
	.options = run_options,
	.values_size = sizeof(struct run_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.flags = COMMAND_STOP_AT_OPERAND,
	.run = run,
};

const struct command command_create = {
	.name = "create",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.summary = "Create a new container",
	.options = create_options,
	.values_size = sizeof(struct container_options),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.flags = COMMAND_STOP_AT_OPERAND,
	.run = create,
};
