/*
 * kist rmi: remove images, or names of images.
 */
#include "cmd/kist/kist.h"

#include "engine/container/container.h"
#include "engine/event.h"
#include "store/store.h"

#include <stddef.h>
#include <stdio.h>

struct rmi_values {
	bool force;
};

static const struct option options[] = {
	{"force", 'f', OPTION_BOOL, offsetof(struct rmi_values, force), NULL,
	 "Force removal of the image"},
	{NULL},
};

static int remove_one(struct engine *engine, const char *name, bool force)
{
	auto_strv lines = {0};
	auto_error err = {0};
	int r = store_image_remove(&engine->root, name, force, container_uses_image, engine, &lines,
				   &err);

	event_image_lines(engine, &lines);
	for (size_t i = 0; i < lines.n; i++)
		(void)printf("%s\n", lines.v[i]);
	if (r == 0)
		return 0;
	(void)kist_fail(&err);
	return force && err.kind == ERROR_NOT_FOUND ? 0 : KIST_FAILED;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct rmi_values *values = data;
	auto_engine engine = ENGINE_CLOSED;
	auto_error err = {0};
	int status = 0;

	if (kist_engine_open(invocation, &engine, &err) < 0)
		return kist_fail(&err);
	for (size_t i = 0; i < invocation->operand_count; i++)
		if (remove_one(&engine, invocation->operands[i], values->force) != 0)
			status = KIST_FAILED;
	return status;
}

const struct command command_rmi = {
	.name = "rmi",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Remove one or more images",
	.options = options,
	.values_size = sizeof(struct rmi_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};
