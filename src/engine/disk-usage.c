#include "engine/disk-usage.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container/state.h"
#include "io/tree-size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static uint64_t size_of(int dir_fd, const char *name)
{
	auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t size = 0;

	/* What has been removed by now holds nothing. */
	return fd < 0 || tree_size(fd, &size) < 0 ? 0 : size;
}

static int measure_containers(struct engine *engine, struct disk_usage *usage, struct error *err)
{
	int r = container_list(engine, &usage->containers, &usage->container_count, err);

	if (r < 0)
		return r;
	usage->written = mem_zero(usage->container_count, sizeof(*usage->written));
	for (size_t i = 0; i < usage->container_count; i++) {
		auto_fd int folder = container_open_folder(engine, usage->containers[i].id);

		if (folder >= 0)
			usage->written[i] = size_of(folder, "diff");
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each layer once, in order; @ret_uses counts the images that have it. */
static void collect_layers(const struct disk_usage *usage, struct strv *ret, size_t **ret_uses)
{
	auto_strv all = {0};
	size_t *uses;

	for (size_t i = 0; i < usage->image_count; i++)
		strv_copy(&all, &usage->images[i].diff_ids);
	strv_sort(&all);
	uses = mem_zero(all.n, sizeof(*uses));
	for (size_t i = 0; i < all.n; i++) {
		if (i == 0 || !STREQ(all.v[i], all.v[i - 1]))
			strv_add(ret, all.v[i]);
		uses[ret->n - 1]++;
	}
	*ret_uses = uses;
}

static uint64_t shared_size(const struct image *image, const struct strv *layers,
			    const uint64_t *sizes, const size_t *uses)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->diff_ids.n; i++) {
		char **found = bsearch(&image->diff_ids.v[i], layers->v, layers->n,
				       sizeof(*layers->v), compare);
		size_t at = (size_t)(found - layers->v);

		if (uses[at] > 1)
			size += sizes[at];
	}
	return size;
}

static int measure_layers(struct engine *engine, struct disk_usage *usage, struct error *err)
{
	auto_free uint64_t *sizes = NULL;
	auto_free size_t *uses = NULL;
	auto_strv layers = {0};
	int r;

	collect_layers(usage, &layers, &uses);
	sizes = mem_zero(layers.n, sizeof(*sizes));
	r = store_layer_sizes(&engine->root, &layers, sizes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < layers.n; i++)
		usage->layers += sizes[i];
	usage->shared = mem_zero(usage->image_count, sizeof(*usage->shared));
	for (size_t i = 0; i < usage->image_count; i++)
		usage->shared[i] = shared_size(&usage->images[i], &layers, sizes, uses);
	return 0;
}

static bool uses_volume(const struct container *container, const char *name)
{
	const struct container_config *config = &container->config;

	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].kind == MOUNT_VOLUME && config->mounts[i].source &&
		    STREQ(config->mounts[i].source, name))
			return true;
	return false;
}

static void add_volume(struct disk_usage *usage, int volumes_fd, const char *name)
{
	struct volume_usage *volume;

	usage->volumes =
		mem_resize(usage->volumes, (usage->volume_count + 1) * sizeof(*usage->volumes));
	volume = &usage->volumes[usage->volume_count++];
	*volume =
		(struct volume_usage) {.name = mem_strdup(name), .size = size_of(volumes_fd, name)};
	for (size_t i = 0; i < usage->container_count; i++)
		volume->containers += uses_volume(&usage->containers[i], name);
}

static int measure_volumes(struct engine *engine, struct disk_usage *usage, struct error *err)
{
	int fd = root_dir_open(&engine->root, "volumes", err);
	const struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		int r = error_errno(err, errno, "list the volumes");

		(void)fd_close(fd);
		return r;
	}
	while ((entry = readdir(dir)))
		/* One in the making has a name with a dot in front. */
		if (entry->d_name[0] != '.')
			add_volume(usage, fd, entry->d_name);
	(void)closedir(dir);
	return 0;
}

int disk_usage(struct engine *engine, struct disk_usage *ret, struct error *err)
{
	auto_disk_usage usage = {0};
	int r;

	r = store_image_list(&engine->root, &usage.images, &usage.image_count, NULL, err);
	if (r == 0)
		r = measure_layers(engine, &usage, err);
	if (r == 0)
		r = measure_containers(engine, &usage, err);
	if (r == 0)
		r = measure_volumes(engine, &usage, err);
	if (r < 0)
		return r;
	*ret = usage;
	usage = (struct disk_usage) {0};
	return 0;
}

void disk_usage_release(struct disk_usage *usage)
{
	for (size_t i = 0; i < usage->image_count; i++)
		image_release(&usage->images[i]);
	free(usage->images);
	free(usage->shared);
	container_list_free(usage->containers, usage->container_count);
	free(usage->written);
	for (size_t i = 0; i < usage->volume_count; i++)
		free(usage->volumes[i].name);
	free(usage->volumes);
	*usage = (struct disk_usage) {0};
}

size_t disk_usage_image_containers(const struct disk_usage *usage, const char *image_id)
{
	size_t count = 0;

	for (size_t i = 0; i < usage->container_count; i++)
		count += usage->containers[i].image_id &&
			 STREQ(usage->containers[i].image_id, image_id);
	return count;
}
