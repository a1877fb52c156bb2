#include "api/docker/exec.h"

#include "api/docker/container-attach.h"
#include "api/docker/container-find.h"
#include "api/docker/exec-request.h"
#include "api/docker/frame.h"
#include "base/mem.h"
#include "codec/json-write.h"
#include "engine/exec.h"

#include <errno.h>
#include <string.h>

int exec_call_create(struct call *call, const void *values, struct error *err)
{
	const struct exec_create_request *wanted = values;
	auto_container container = {0};
	auto_str document = {0};
	struct engine *engine;
	auto_exec exec = {0};
	struct json_writer w;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r == 0)
		r = exec_create(engine, &container, &wanted->config, &exec, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "Id", exec.id);
	json_end(&w);
	return response_json(&call->response, 201, &document, err);
}

static int find(struct call *call, const char *id, struct engine **ret_engine, struct exec *ret,
		struct error *err)
{
	int r = call_engine(call, ret_engine, err);

	return r < 0 ? r : exec_find(*ret_engine, id ? id : "", ret, err);
}

/* What still has a status of its own in the answer. */
static int check_startable(struct engine *engine, const struct exec *exec, struct error *err)
{
	auto_container container = {0};
	int r;

	if (exec->state != EXEC_CREATED)
		return error_set(err, ERROR_CONFLICT, "exec command %s has already run", exec->id);
	r = container_find(engine, exec->container_id, &container, err);
	if (r == 0 && container.state != CONTAINER_RUNNING)
		r = error_set(err, ERROR_CONFLICT, "container %s is not running", container.id);
	return r;
}

/*
 * The head of the answer goes first, as Docker's does: clients in Python and others lose what comes
 * in one packet with it. So what fails then, a command that does not exist above all, is told on
 * the stream, and has its status on record.
 */
static int start_attached(struct call *call, struct engine *engine, struct exec *exec,
			  struct error *err)
{
	const struct exec_config *config = &exec->config;
	struct attach_output to = {&call->response, !config->tty};
	auto_attachment attachment = ATTACHMENT_NONE;
	struct attach_options options;
	struct attach_result result;
	auto_free char *line = NULL;
	auto_error why = {0};
	int r;

	r = check_startable(engine, exec, err);
	if (r == 0)
		r = response_hijack(&call->response, frame_type(to.framed, call->head.version),
				    err);
	if (r < 0)
		return r;
	attach_to_client(call, config->open_stdin, config->attach_out, config->attach_err,
			 config->detach_keys, &to, &options);
	r = exec_start(engine, exec, &options, &attachment, &why);
	if (r == 0)
		return attachment_run(engine, &attachment, &options, &result, err);
	line = mem_printf("%s\r\n", why.message);
	return frame_send(&call->response, to.framed, 1, line, strlen(line), err);
}

int exec_call_start(struct call *call, const void *values, struct error *err)
{
	const struct exec_start_request *wanted = values;
	struct engine *engine;
	auto_exec exec = {0};
	int r;

	r = find(call, wanted->id, &engine, &exec, err);
	if (r < 0)
		return r;
	if (!wanted->detach)
		return start_attached(call, engine, &exec, err);
	r = exec_start(engine, &exec, NULL, NULL, err);
	return r < 0 ? r : response_empty(&call->response, 200, err);
}

static void write_process(struct json_writer *w, const struct exec_config *config)
{
	json_object_begin(w, "ProcessConfig");
	json_write_bool(w, "tty", config->tty);
	json_write_string(w, "entrypoint", config->command.n > 0 ? config->command.v[0] : "");
	json_write_strings(w, "arguments",
			   config->command.n > 0 ? config->command.v + 1
						 : strv_argv(&config->command));
	json_write_bool(w, "privileged", config->privileged);
	if (config->user)
		json_write_string(w, "user", config->user);
	json_end(w);
}

static void write_exec(struct json_writer *w, const struct exec *exec)
{
	const struct exec_config *config = &exec->config;

	json_object_begin(w, NULL);
	json_write_string(w, "ID", exec->id);
	json_write_bool(w, "Running", exec->state == EXEC_RUNNING);
	if (exec->state == EXEC_EXITED)
		json_write_i64(w, "ExitCode", exec->exit_code);
	else
		json_write_null(w, "ExitCode");
	write_process(w, config);
	json_write_bool(w, "OpenStdin", config->open_stdin);
	json_write_bool(w, "OpenStderr", config->attach_err);
	json_write_bool(w, "OpenStdout", config->attach_out);
	json_write_bool(w, "CanRemove", exec->state == EXEC_EXITED);
	json_write_string(w, "ContainerID", exec->container_id);
	json_write_string(w, "DetachKeys", config->detach_keys ? config->detach_keys : "");
	json_write_i64(w, "Pid", exec->pid);
	json_end(w);
}

int exec_call_inspect(struct call *call, const void *values, struct error *err)
{
	const struct exec_inspect_request *wanted = values;
	auto_str document = {0};
	struct engine *engine;
	auto_exec exec = {0};
	struct json_writer w;
	int r;

	r = find(call, wanted->id, &engine, &exec, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	write_exec(&w, &exec);
	return response_json(&call->response, 200, &document, err);
}

int exec_call_resize(struct call *call, const void *values, struct error *err)
{
	const struct exec_resize_request *wanted = values;
	struct engine *engine;
	auto_exec exec = {0};
	int r;

	r = find(call, wanted->id, &engine, &exec, err);
	if (r == 0)
		r = exec_resize(engine, &exec, wanted->rows, wanted->columns, err);
	return r < 0 ? r : response_empty(&call->response, 200, err);
}
