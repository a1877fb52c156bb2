/*
 * What the engine holds on the disk: layers of images, what containers have written, volumes.
 *
 * The sizes of layers are on record; for what containers and volumes hold every file is looked at.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct volume_usage {
	char *name;
	uint64_t size;
	size_t containers; /* that have it */
};

struct disk_usage {
	uint64_t layers; /* all of them together: a shared one counts once */
	struct image *images;
	size_t image_count;
	uint64_t *shared; /* of each image: bytes in layers that another one has as well */
	struct container *containers;
	size_t container_count;
	uint64_t *written; /* of each container: bytes in its upper directory */
	struct volume_usage *volumes;
	size_t volume_count;
};

int disk_usage(struct engine *engine, struct disk_usage *ret, struct error *err) MUST_CHECK;
void disk_usage_release(struct disk_usage *usage);
#define auto_disk_usage CLEANUP(disk_usage_release) struct disk_usage

/* How many containers are of the image. */
size_t disk_usage_image_containers(const struct disk_usage *usage, const char *image_id);
