/*
 * kist cleanup: what a monitor becomes when its container has ended and nobody is connected.
 */
#include "cmd/kist/kist.h"
#include "engine/container-remove.h"
#include "engine/engine.h"

#include "base/parse.h"

#include <errno.h>

static int run(const struct invocation *invocation, void *values)
{
	const struct kist *kist = invocation->context;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_error err = {0};

	(void)values;
	if (!parse_is_hex(invocation->operands[0], CONTAINER_ID_SIZE - 1)) {
		(void)error_set(&err, ERROR_INVALID, "%s is no container id",
				invocation->operands[0]);
		return kist_fail(&err);
	}
	if (engine_open(kist->dir, kist->run, &engine, &err) < 0 ||
	    container_cleanup(&engine, invocation->operands[0], &err) < 0)
		return kist_fail(&err);
	return 0;
}

const struct command command_cleanup = {
	.name = "cleanup",
	.usage = "ID",
	.summary = "Take away what an ended container held",
	.operands_min = 1,
	.operands_max = 1,
	.flags = COMMAND_HIDDEN,
	.run = run,
};
