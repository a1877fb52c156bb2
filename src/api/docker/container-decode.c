#include "api/docker/container-decode.h"

#include "api/docker/container-request.h"
#include "api/docker/create.h"
#include "api/docker/query.h"
#include "base/mem.h"
#include "base/parse.h"

#include <stdlib.h>
#include <string.h>

static char *name_of(const struct request *request)
{
	return mem_strdup(request->arguments[0]);
}

int decode_container(const struct request *request, void *values, struct error *err)
{
	struct container_request *wanted = values;

	(void)err;
	wanted->name = name_of(request);
	return 0;
}

int decode_container_list(const struct request *request, void *values, struct error *err)
{
	struct container_list_request *wanted = values;
	int r;

	wanted->all = request_query_bool(request, "all", false);
	wanted->size = request_query_bool(request, "size", false);
	r = request_query_i64(request, "limit", 0, &wanted->limit, err);
	wanted->limit = MAX(wanted->limit, (int64_t)0);
	return r < 0 ? r : request_filters(request, &wanted->filters, err);
}

int decode_container_inspect(const struct request *request, void *values, struct error *err)
{
	struct container_inspect_request *wanted = values;

	(void)err;
	wanted->name = name_of(request);
	wanted->size = request_query_bool(request, "size", false);
	return 0;
}

int decode_container_create(const struct request *request, void *values, struct error *err)
{
	return create_decode(request->body, request_query(request, "name"),
			     request_query(request, "platform"), values, err);
}

int decode_container_stop(const struct request *request, void *values, struct error *err)
{
	struct container_stop_request *wanted = values;
	const char *timeout = request_query(request, "t");

	wanted->name = name_of(request);
	wanted->signal = request_query_copy(request, "signal");
	wanted->has_timeout = timeout && *timeout;
	return request_query_i64(request, "t", 0, &wanted->timeout, err);
}

int decode_container_kill(const struct request *request, void *values, struct error *err)
{
	struct container_kill_request *wanted = values;

	(void)err;
	wanted->name = name_of(request);
	wanted->signal = request_query_copy(request, "signal");
	return 0;
}

int decode_container_wait(const struct request *request, void *values, struct error *err)
{
	static const char *const names[] = {[WAIT_NOT_RUNNING] = "not-running",
					    [WAIT_NEXT_EXIT] = "next-exit",
					    [WAIT_REMOVED] = "removed"};
	const char *condition = request_query(request, "condition");
	struct container_wait_request *wanted = values;

	wanted->name = name_of(request);
	if (!condition || !*condition)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (STREQ(names[i], condition)) {
			wanted->condition = i;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "invalid condition: \"%s\"", condition);
}

int decode_container_remove(const struct request *request, void *values, struct error *err)
{
	struct container_remove_request *wanted = values;

	wanted->name = name_of(request);
	wanted->force = request_query_bool(request, "force", false);
	wanted->volumes = request_query_bool(request, "v", false);
	if (request_query_bool(request, "link", false))
		return error_set(err, ERROR_UNSUPPORTED, "links are not supported");
	return 0;
}

/* "all", and what is no number, is everything: Docker takes it so. */
static void read_tail(const struct request *request, struct container_logs_request *wanted)
{
	const char *text = request_query(request, "tail");
	int64_t number;

	wanted->has_tail = text && parse_i64(text, &number) == 0 && number >= 0;
	if (wanted->has_tail)
		wanted->tail = (uint64_t)number;
}

int decode_container_logs(const struct request *request, void *values, struct error *err)
{
	struct container_logs_request *wanted = values;
	int r;

	wanted->name = name_of(request);
	wanted->follow = request_query_bool(request, "follow", false);
	wanted->out = request_query_bool(request, "stdout", false);
	wanted->err = request_query_bool(request, "stderr", false);
	wanted->timestamps = request_query_bool(request, "timestamps", false);
	wanted->details = request_query_bool(request, "details", false);
	read_tail(request, wanted);
	if (!wanted->out && !wanted->err)
		return error_set(err, ERROR_INVALID,
				 "Bad parameters: you must choose at least one stream");
	r = query_time(request, "since", &wanted->since, NULL, err);
	return r < 0 ? r : query_time(request, "until", &wanted->until, NULL, err);
}

int decode_container_attach(const struct request *request, void *values, struct error *err)
{
	struct container_attach_request *wanted = values;

	(void)err;
	wanted->name = name_of(request);
	wanted->stream = request_query_bool(request, "stream", false);
	wanted->logs = request_query_bool(request, "logs", false);
	wanted->in = request_query_bool(request, "stdin", false);
	wanted->out = request_query_bool(request, "stdout", false);
	wanted->err = request_query_bool(request, "stderr", false);
	wanted->detach_keys = request_query_copy(request, "detachKeys");
	return 0;
}

int decode_container_resize(const struct request *request, void *values, struct error *err)
{
	struct container_resize_request *wanted = values;

	wanted->name = name_of(request);
	return query_size(request, &wanted->rows, &wanted->columns, err);
}

int decode_container_top(const struct request *request, void *values, struct error *err)
{
	struct container_top_request *wanted = values;
	auto_free char *arguments = request_query_copy(request, "ps_args");
	char *rest = NULL;

	(void)err;
	wanted->name = name_of(request);
	if (!arguments)
		return 0;
	for (char *word = strtok_r(arguments, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest))
		strv_add(&wanted->arguments, word);
	return 0;
}

int decode_container_stats(const struct request *request, void *values, struct error *err)
{
	struct container_stats_request *wanted = values;

	wanted->name = name_of(request);
	wanted->stream = request_query_bool(request, "stream", true);
	wanted->one_shot = request_query_bool(request, "one-shot", false);
	if (wanted->stream && wanted->one_shot)
		return error_set(err, ERROR_INVALID, "cannot have stream=true and one-shot=true");
	return 0;
}

int decode_container_archive(const struct request *request, void *values, struct error *err)
{
	struct container_archive_request *wanted = values;

	wanted->name = name_of(request);
	wanted->path = request_query_copy(request, "path");
	wanted->no_overwrite = request_query_bool(request, "noOverwriteDirNonDir", false);
	wanted->copy_owner = request_query_bool(request, "copyUIDGID", false);
	if (!wanted->path || !*wanted->path)
		return error_set(err, ERROR_INVALID, "bad parameter: path cannot be empty");
	return 0;
}

int decode_container_rename(const struct request *request, void *values, struct error *err)
{
	struct container_rename_request *wanted = values;
	const char *name = request_query(request, "name");

	(void)err;
	wanted->name = name_of(request);
	wanted->new_name = mem_strdup(name && *name == '/' ? name + 1 : name);
	return 0;
}

int decode_container_prune(const struct request *request, void *values, struct error *err)
{
	struct container_prune_request *wanted = values;

	return request_filters(request, &wanted->filters, err);
}
