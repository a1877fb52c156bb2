#include "cmd/kist/image-ensure.h"

#include "store/store.h"

int image_ensure(struct engine *engine, const struct container_config *config, struct error *err)
{
	auto_image image = {0};

	return store_image_find(&engine->root, config->image, &image, err);
}
