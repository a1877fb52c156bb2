/*
 * kist diff: what a container has changed in its root file system.
 */
#include "engine/container/diff.h"
#include "cmd/kist/kist.h"

#include <stdio.h>

static int run(const struct invocation *invocation, void *values)
{
	static const char letters[] = {
		[CHANGE_MODIFIED] = 'C', [CHANGE_ADDED] = 'A', [CHANGE_DELETED] = 'D'};
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	struct change *changes = NULL;
	auto_error err = {0};
	size_t count = 0;
	int r;

	(void)values;
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_find(&engine, invocation->operands[0], &container, &err);
	if (r == 0)
		r = container_diff(&engine, &container, &changes, &count, &err);
	for (size_t i = 0; i < count; i++)
		(void)printf("%c %s\n", letters[changes[i].kind], changes[i].path);
	changes_free(changes, count);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_diff = {
	.name = "diff",
	.usage = "CONTAINER",
	.summary = "Inspect changes to files or directories on a container's filesystem",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
