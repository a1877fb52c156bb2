/*
 * kist version: which program this is, built from what.
 */
#include "cmd/kist/kist.h"

#include <stdio.h>

static int run(const struct invocation *invocation, void *values)
{
	(void)invocation;
	(void)values;
	(void)printf("%s\n", KIST_VERSION);
	return 0;
}

const struct command command_version = {
	.name = "version",
	.usage = "[OPTIONS]",
	.summary = "Show the kist version information",
	.run = run,
};
