/*
 * kist tag: give an image one more name.
 */
#include "cmd/kist/kist.h"
#include "engine/event.h"
#include "store/store.h"

static int run(const struct invocation *invocation, void *values)
{
	auto_engine engine = ENGINE_CLOSED;
	auto_image image = {0};
	auto_error err = {0};
	int r = kist_engine_open(invocation, &engine, &err);

	(void)values;
	if (r == 0)
		r = store_image_find(&engine.root, invocation->operands[0], &image, &err);
	if (r == 0)
		r = store_image_tag(&engine.root, &image, invocation->operands[1], &err);
	if (r == 0)
		event_image(&engine, "tag", image.id, invocation->operands[1]);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_tag = {
	.name = "tag",
	.usage = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	.summary = "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
	.operands_min = 2,
	.operands_max = 2,
	.run = run,
};
