/*
 * kist rm: remove containers.
 */
#include "cmd/kist/containers.h"
#include "cmd/kist/kist.h"
#include "engine/container/remove.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

struct rm_values {
	bool force, volumes;
};

static const struct option options[] = {
	{"force", 'f', OPTION_BOOL, offsetof(struct rm_values, force), NULL,
	 "Force the removal of a running container (uses SIGKILL)"},
	{"volumes", 'v', OPTION_BOOL, offsetof(struct rm_values, volumes), NULL,
	 "Remove anonymous volumes associated with the container"},
	{NULL},
};

static int run(const struct invocation *invocation, void *arg)
{
	const struct rm_values *values = arg;
	const struct kist *kist = invocation->context;
	unsigned flags =
		(values->force ? REMOVE_FORCE : 0u) | (values->volumes ? REMOVE_VOLUMES : 0u);
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_error error = {0};
	int status = 0;

	if (engine_open(kist->dir, kist->run, &engine, &error) < 0)
		return kist_fail(&error);
	for (size_t i = 0; i < invocation->operand_count; i++) {
		auto_container container = {0};
		auto_error one = {0};
		int r;

		r = values->force
			    ? container_find_any(&engine, invocation->operands[i], &container, &one)
			    : container_find(&engine, invocation->operands[i], &container, &one);
		if (r == 0)
			r = container_remove(&engine, &container, flags, &one);
		if (r == 0) {
			(void)printf("%s\n", invocation->operands[i]);
			continue;
		}
		/* Docker since 20.10: what is not there need not be removed, but is told. */
		if (!(values->force && one.kind == ERROR_NOT_FOUND))
			status = KIST_FAILED;
		(void)kist_fail(&one);
	}
	return status;
}

const struct command command_rm = {
	.name = "rm",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Remove one or more containers",
	.options = options,
	.values_size = sizeof(struct rm_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};
