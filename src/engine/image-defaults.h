/*
 * What an image adds to a container's config: command, environment, user, volumes, … An image is
 * not trusted: values that are malformed, or ask for more than a default, are left out.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "store/store.h"

/*
 * Completes @container->config from @image. ERROR_INVALID "no command specified"; ERROR_UNSUPPORTED
 * when the image is for another machine, unless the config asks for its platform.
 */
int image_defaults_apply(struct container *container, const struct image *image,
			 struct strv *warnings, struct error *err) MUST_CHECK;

/* This machine, in the words of images: "amd64". */
const char *image_architecture(void);
