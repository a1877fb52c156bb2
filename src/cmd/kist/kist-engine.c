#include "cmd/kist/kist.h"

int kist_engine_open(const struct invocation *invocation, struct engine *ret, struct error *err)
{
	const struct kist *kist = invocation->context;

	return engine_open(kist->dir, kist->run, ret, err);
}
