#include "cmd/kist/image-ensure.h"

#include "cmd/kist/image-pull.h"
#include "store/store.h"

#include <stdio.h>

static int pull(struct engine *engine, const struct container_config *config, struct error *err)
{
	const struct pull_request request = {.name = config->image, .platform = config->platform};

	return image_pull(engine, &request, stderr, NULL, err);
}

int image_ensure(struct engine *engine, const struct container_config *config, struct error *err)
{
	auto_error missing = {0};
	auto_image image = {0};

	if (config->pull == PULL_ALWAYS)
		return pull(engine, config, err);
	if (store_image_find(&engine->root, config->image, &image, &missing) == 0)
		return 0;
	if (config->pull == PULL_NEVER || missing.kind != ERROR_NOT_FOUND)
		return error_move(err, &missing);
	(void)fprintf(stderr, "Unable to find image '%s' locally\n", config->image);
	return pull(engine, config, err);
}
