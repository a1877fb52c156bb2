#include "cmd/kist/kist.h"

#include <stdio.h>

int kist_engine_open(const struct invocation *invocation, struct engine *ret, struct error *err)
{
	const struct kist *kist = invocation->context;

	return engine_open(kist->dir, kist->run, ret, err);
}

static void say(const struct error *err)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error: %s\n", err->message ? err->message : "unknown failure");
}

int kist_fail(const struct error *err)
{
	say(err);
	return KIST_FAILED;
}

int kist_misuse(const struct error *err)
{
	say(err);
	return KIST_MISUSE;
}

const char *kist_architecture(const char *machine)
{
	if (STREQ(machine, "x86_64"))
		return "amd64";
	return STREQ(machine, "aarch64") ? "arm64" : machine;
}
