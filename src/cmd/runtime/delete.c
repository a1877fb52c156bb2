/* kist-runtime delete: remove a container that has stopped, or any with --force. */
#include "cmd/runtime/runtime.h"

#include "runtime/lifecycle.h"

struct delete_values {
	bool force;
};

static const struct option options[] = {
	{"force", 'f', OPTION_BOOL, offsetof(struct delete_values, force), NULL,
	 "Kill what runs in it first; a container that is not there is fine"},
	{NULL},
};

static int delete_container(const struct invocation *invocation, void *values)
{
	const struct delete_values *delete_values = values;
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	int r;

	r = runtime_open(runtime, &err);
	if (r == 0)
		r = lifecycle_delete(runtime->root_fd, invocation->operands[0],
				     delete_values->force, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_delete = {
	.name = "delete",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Remove a container that has stopped",
	.options = options,
	.values_size = sizeof(struct delete_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = delete_container,
};
