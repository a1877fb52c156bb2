/*
 * Writing an OCI image manifest (image-spec 1.1, manifest.md) for images that came without one.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

struct manifest_layer {
	const char *digest, *media_type;
	uint64_t size;
};

void manifest_write(struct str *text, const char *config, uint64_t config_size,
		    const struct manifest_layer *layers, size_t count);
