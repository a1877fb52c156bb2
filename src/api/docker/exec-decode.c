#include "api/docker/exec-decode.h"

#include "api/docker/body.h"
#include "api/docker/exec-request.h"
#include "api/docker/query.h"
#include "base/mem.h"

#include <string.h>

#define CREATE_AT(member) offsetof(struct exec_create_request, member)

/* [height, width], of the client's terminal. */
static int read_size(const struct json *value, void *field, struct error *err)
{
	struct exec_create_request *wanted = field;
	uint64_t size[2] = {0};

	if (!json_is(value, JSON_ARRAY) || json_count(value) != 2 ||
	    json_u64(json_at(value, 0), &size[0]) < 0 || size[0] > UINT16_MAX ||
	    json_u64(json_at(value, 1), &size[1]) < 0 || size[1] > UINT16_MAX)
		return error_set(err, ERROR_INVALID, "must be height and width");
	wanted->config.rows = (unsigned)size[0];
	wanted->config.columns = (unsigned)size[1];
	return 0;
}

static int read_env(const struct json *value, void *field, struct error *err)
{
	struct strv *env = field;
	int r = body_list(value, env, err);

	for (size_t i = 0; r == 0 && i < env->n; i++)
		if (env->v[i][0] == '=' || !strchr(env->v[i], '='))
			return error_set(err, ERROR_INVALID, "invalid environment variable: %s",
					 env->v[i]);
	return r;
}

static int read_folder(const struct json *value, void *field, struct error *err)
{
	char **to = field;
	int r = body_text(value, field, err);

	if (r == 0 && *to && **to != '/')
		return error_set(err, ERROR_INVALID,
				 "the working directory '%s' is invalid, it needs to be an "
				 "absolute path",
				 *to);
	return r;
}

static const struct body_member create_members[] = {
	{"AttachStderr", body_flag, CREATE_AT(config.attach_err)},
	{"AttachStdin", body_flag, CREATE_AT(config.open_stdin)},
	{"AttachStdout", body_flag, CREATE_AT(config.attach_out)},
	{"Cmd", body_command, CREATE_AT(config.command)},
	{"ConsoleSize", read_size},
	{"Detach", body_ignore}, /* the start says it */
	{"DetachKeys", body_text, CREATE_AT(config.detach_keys)},
	{"Env", read_env, CREATE_AT(config.env)},
	{"Privileged", body_flag, CREATE_AT(config.privileged)},
	{"Tty", body_flag, CREATE_AT(config.tty)},
	{"User", body_text, CREATE_AT(config.user)},
	{"WorkingDir", read_folder, CREATE_AT(config.working_dir)},
	{NULL},
};

int decode_exec_create(const struct request *request, void *values, struct error *err)
{
	struct exec_create_request *wanted = values;
	int r;

	wanted->name = mem_strdup(request->arguments[0]);
	r = body_read(request->body, create_members, wanted, err);
	if (r == 0 && wanted->config.command.n == 0)
		r = error_set(err, ERROR_INVALID, "No exec command specified");
	return r;
}

/* Whether it has a terminal was said when it was made; what is said again counts for nothing. */
static const struct body_member start_members[] = {
	{"Detach", body_flag, offsetof(struct exec_start_request, detach)},
	{NULL},
};

int decode_exec_start(const struct request *request, void *values, struct error *err)
{
	struct exec_start_request *wanted = values;

	wanted->id = mem_strdup(request->arguments[0]);
	return body_read(request->body, start_members, wanted, err);
}

int decode_exec_inspect(const struct request *request, void *values, struct error *err)
{
	struct exec_inspect_request *wanted = values;

	(void)err;
	wanted->id = mem_strdup(request->arguments[0]);
	return 0;
}

int decode_exec_resize(const struct request *request, void *values, struct error *err)
{
	struct exec_resize_request *wanted = values;

	wanted->id = mem_strdup(request->arguments[0]);
	return query_size(request, &wanted->rows, &wanted->columns, err);
}
