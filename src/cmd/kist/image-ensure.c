#include "cmd/kist/image-ensure.h"

#include "cmd/kist/image-pull.h"
#include "spec/image-platform.h"
#include "store/store.h"

#include <stdio.h>

static int pull(struct engine *engine, const struct container_config *config, struct error *err)
{
	const struct pull_request request = {.name = config->image, .platform = config->platform};

	return image_pull(engine, &request, stderr, NULL, err);
}

/* Whether the image is for the platform that was asked for, if one was: 1, 0 or -errno. */
static int fits(const struct container_config *config, const struct image *image, struct error *err)
{
	struct image_platform want, have = {0};
	int r;

	/* An image that does not say counts as this machine's. */
	if (!config->platform || !image->architecture || !*image->architecture)
		return 1;
	r = image_platform_parse(config->platform, &want, err);
	if (r < 0)
		return r;
	(void)snprintf(have.os, sizeof(have.os), "%s", image->os ? image->os : "");
	(void)snprintf(have.architecture, sizeof(have.architecture), "%s",
		       image->architecture ? image->architecture : "");
	(void)snprintf(have.variant, sizeof(have.variant), "%s",
		       image->variant ? image->variant : "");
	return image_platform_fit(&want, &have) > 0;
}

int image_ensure(struct engine *engine, const struct container_config *config, struct error *err)
{
	auto_error missing = {0};
	auto_image image = {0};

	if (config->pull == PULL_ALWAYS)
		return pull(engine, config, err);
	if (store_image_find(&engine->root, config->image, &image, &missing) == 0) {
		int r = fits(config, &image, err);

		/* What is not pulled is refused later, by the sentence that says why. */
		if (r != 0 || config->pull == PULL_NEVER)
			return MIN(r, 0);
		(void)fprintf(stderr, "Image '%s' is here for %s/%s only\n", config->image,
			      image.os ? image.os : "",
			      image.architecture ? image.architecture : "");
		return pull(engine, config, err);
	}
	if (config->pull == PULL_NEVER || missing.kind != ERROR_NOT_FOUND)
		return error_move(err, &missing);
	(void)fprintf(stderr, "Unable to find image '%s' locally\n", config->image);
	return pull(engine, config, err);
}
