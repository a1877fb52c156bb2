/*
 * kist pull: an image from a registry.
 */
#include "base/mem.h"
#include "cmd/kist/image-pull.h"
#include "cmd/kist/kist.h"

#include <stddef.h>
#include <stdio.h>

struct pull_values {
	const char *platform;
	bool quiet;
};

static const struct option options[] = {
	{"platform", 0, OPTION_STRING, offsetof(struct pull_values, platform), "string",
	 "Set platform if server is multi-platform capable"},
	{"quiet", 'q', OPTION_BOOL, offsetof(struct pull_values, quiet), NULL,
	 "Suppress verbose output"},
	{NULL},
};

static int run(const struct invocation *invocation, void *data)
{
	const struct pull_values *values = data;
	struct pull_request request = {
		.name = invocation->operands[0],
		.platform = values->platform,
	};
	auto_engine engine = ENGINE_CLOSED;
	auto_free char *name = NULL;
	auto_error err = {0};

	if (kist_engine_open(invocation, &engine, &err) < 0 ||
	    image_pull(&engine, &request, values->quiet ? NULL : stdout, &name, &err) < 0)
		return kist_fail(&err);
	(void)printf("%s\n", name);
	return 0;
}

const struct command command_pull = {
	.name = "pull",
	.usage = "[OPTIONS] NAME[:TAG|@DIGEST]",
	.summary = "Download an image from a registry",
	.options = options,
	.values_size = sizeof(struct pull_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
