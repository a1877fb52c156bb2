/*
 * From the config of an image, as spec/ knows it, to the image that the engine knows.
 */
#pragma once

#include "spec/image-config.h"
#include "store/store.h"

/* Moves everything; @config is empty afterwards. */
void image_from_config(struct image *image, struct image_config *config);
