/*
 * GET /system/df.
 */
#include "engine/disk-usage.h"
#include "api/docker/document.h"
#include "api/docker/system-request.h"
#include "api/docker/system.h"
#include "base/mem.h"
#include "codec/json-write.h"
#include "volume/volume.h"

static void write_images(struct json_writer *w, const struct disk_usage *usage, unsigned version)
{
	json_write_u64(w, "LayersSize", usage->layers);
	json_array_begin(w, "Images");
	for (size_t i = 0; i < usage->image_count; i++) {
		const struct image *image = &usage->images[i];
		struct document_sizes sizes = {
			.shared = usage->shared[i],
			.containers = disk_usage_image_containers(usage, image->id),
		};
		auto_strv tags = {0}, digests = {0};

		document_image_names(image, &tags, &digests);
		document_image_row(w, image, &tags, &digests, version, &sizes);
	}
	json_end(w);
}

static uint64_t image_size(const struct disk_usage *usage, const char *id)
{
	for (size_t i = 0; id && i < usage->image_count; i++)
		if (STREQ(usage->images[i].id, id))
			return usage->images[i].size;
	return 0;
}

static void write_containers(struct json_writer *w, const struct engine *engine,
			     const struct disk_usage *usage)
{
	json_array_begin(w, "Containers");
	for (size_t i = 0; i < usage->container_count; i++) {
		const struct container *container = &usage->containers[i];
		struct document_sizes sizes = {
			.written = usage->written[i],
			.image = image_size(usage, container->image_id),
		};

		if (!container->damage)
			document_container_row(w, engine, container, &sizes);
	}
	json_end(w);
}

static void write_volumes(struct json_writer *w, const struct engine *engine,
			  const struct disk_usage *usage)
{
	json_array_begin(w, "Volumes");
	for (size_t i = 0; i < usage->volume_count; i++) {
		const struct volume_usage *volume = &usage->volumes[i];
		auto_free char *path = volume_path(&engine->root, volume->name);

		json_object_begin(w, NULL);
		json_write_string(w, "Driver", "local");
		json_write_null(w, "Labels");
		json_write_string(w, "Mountpoint", path);
		json_write_string(w, "Name", volume->name);
		json_write_null(w, "Options");
		json_write_string(w, "Scope", "local");
		json_object_begin(w, "UsageData");
		json_write_u64(w, "RefCount", volume->containers);
		json_write_u64(w, "Size", volume->size);
		json_end(w);
		json_end(w);
	}
	json_end(w);
}

int system_disk_usage(struct call *call, const void *values, struct error *err)
{
	const struct disk_usage_request *wanted = values;
	auto_disk_usage usage = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0)
		r = disk_usage(engine, &usage, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	if (wanted->images)
		write_images(&w, &usage, call->head.version);
	if (wanted->containers)
		write_containers(&w, engine, &usage);
	if (wanted->volumes)
		write_volumes(&w, engine, &usage);
	if (wanted->build_cache) {
		json_array_begin(&w, "BuildCache");
		json_end(&w);
	}
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}
