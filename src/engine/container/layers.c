#include "engine/container/layers.h"

#include "base/mem.h"
#include "engine/skeleton.h"
#include "store/store.h"

int container_layers(struct engine *engine, const struct container *container, struct strv *ret,
		     struct error *err)
{
	auto_free char *skeleton = NULL;
	auto_image image = {0};
	int r;

	r = store_image_find(&engine->root, container->image_id, &image, err);
	if (r == 0)
		r = store_layer_paths(&engine->root, &image, ret, err);
	if (r == 0)
		r = skeleton_ensure(engine, &skeleton, err);
	if (r < 0)
		return r;
	strv_take(ret, TAKE_PTR(skeleton));
	return 0;
}
