#include "cmd/kist/image-ensure.h"

#include "base/mem.h"
#include "registry/pull.h"
#include "store/store.h"

#include <stdio.h>

/* Words only, no moving bars: this is the side of a run. */
static void report(const char *layer, const char *status, uint64_t current, uint64_t total,
		   void *arg)
{
	(void)total;
	(void)arg;
	if (layer && current == 0)
		(void)fprintf(stderr, "%s: %s\n", layer, status);
}

static int pull(struct engine *engine, const struct container_config *config, struct error *err)
{
	const struct pull_request request = {.name = config->image, .platform = config->platform};
	const struct pull_progress progress = {.report = report};
	auto_free char *digest = NULL;
	bool is_new;
	int r;

	r = registry_pull(&engine->root, &request, &progress, &digest, &is_new, err);
	if (r == 0)
		(void)fprintf(stderr, "Digest: %s\nStatus: %s %s\n", digest,
			      is_new ? "Downloaded newer image for" : "Image is up to date for",
			      config->image);
	return r;
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
