#include "cmd/kist/kist.h"

#include <stdio.h>

int kist_root_open(const struct invocation *invocation, struct root *ret, struct error *err)
{
	const struct kist *kist = invocation->context;

	return root_open(kist->dir, kist->run, ret, err);
}

int kist_fail(const struct error *err)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "Error: %s\n", err->message ? err->message : "unknown failure");
	return KIST_FAILED;
}
