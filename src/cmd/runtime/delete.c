/* kist-runtime delete: remove a container that has stopped, or any with --force. */
#include "cmd/runtime/runtime.h"

#include "base/strv.h"
#include "runtime/container.h"
#include "runtime/lifecycle.h"

#include <regex.h>

struct delete_values {
	bool force;
	bool regex;
};

static const struct option options[] = {
	{"force", 'f', OPTION_BOOL, offsetof(struct delete_values, force), NULL,
	 "Kill what runs in it first; a container that is not there is fine"},
	{"regex", 0, OPTION_BOOL, offsetof(struct delete_values, regex), NULL,
	 "Remove all containers whose id matches a regular expression"},
	{NULL},
};

struct matching {
	regex_t expression;
	struct strv ids;
};

static int add_matching(struct container *container, void *arg)
{
	struct matching *matching = arg;

	if (regexec(&matching->expression, container->id, 0, NULL, 0) == 0)
		strv_add(&matching->ids, container->id);
	return 0;
}

static int delete_matching(int root_fd, const char *pattern, bool force, struct error *err)
{
	struct matching matching = {0};
	int r;

	if (regcomp(&matching.expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return error_set(err, ERROR_INVALID, "%s is no regular expression", pattern);
	r = container_each(root_fd, add_matching, &matching, err);
	for (size_t i = 0; r == 0 && i < matching.ids.n; i++)
		r = lifecycle_delete(root_fd, matching.ids.v[i], force, runtime_warn, err);
	strv_release(&matching.ids);
	regfree(&matching.expression);
	return r;
}

static int delete_container(const struct invocation *invocation, void *values)
{
	const struct delete_values *delete_values = values;
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	int r;

	r = runtime_open(runtime, &err);
	if (r == 0 && delete_values->regex)
		r = delete_matching(runtime->root_fd, invocation->operands[0], delete_values->force,
				    &err);
	else if (r == 0)
		r = lifecycle_delete(runtime->root_fd, invocation->operands[0],
				     delete_values->force, runtime_warn, &err);
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
