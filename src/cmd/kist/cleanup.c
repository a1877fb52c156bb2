/*
 * kist cleanup: what a monitor becomes when its container has ended and nobody is connected; and
 * with --restart, who waits for the time to start it again.
 */
#include "cmd/kist/kist.h"
#include "engine/container/remove.h"
#include "engine/container/restart.h"
#include "engine/engine.h"

#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct cleanup_values {
	bool restart;
};

static const struct option options[] = {
	{"restart", 0, OPTION_BOOL, offsetof(struct cleanup_values, restart), NULL,
	 "Wait, and start it again"},
	{NULL},
};

static int run(const struct invocation *invocation, void *data)
{
	const struct cleanup_values *values = data;
	const struct kist *kist = invocation->context;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_error err = {0};
	int r;

	if (!parse_is_hex(invocation->operands[0], CONTAINER_ID_SIZE - 1)) {
		(void)error_set(&err, ERROR_INVALID, "%s is no container id",
				invocation->operands[0]);
		return kist_fail(&err);
	}
	/* Another waits already. */
	if (values->restart && container_restart_take() < 0)
		return 0;
	r = engine_open(kist->dir, kist->run, &engine, &err);
	if (r == 0)
		r = values->restart ? container_restart_wait(&engine, invocation->operands[0], &err)
				    : container_cleanup(&engine, invocation->operands[0], &err);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_cleanup = {
	.name = "cleanup",
	.usage = "ID",
	.summary = "Take away what an ended container held",
	.options = options,
	.values_size = sizeof(struct cleanup_values),
	.operands_min = 1,
	.operands_max = 1,
	.flags = COMMAND_HIDDEN,
	.run = run,
};
