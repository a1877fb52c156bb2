#include "store/archive-plan.h"

#include "base/mem.h"
#include "codec/json.h"
#include "spec/image-manifest.h"
#include "store/layer-wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_part(const struct json *json, uint64_t bytes, struct archive_part *ret)
{
	const char *digest = json_get_string(json, "digest");
	const char *type = json_get_string(json, "mediaType");

	if (json_u64(json_get(json, "offset"), &ret->offset) < 0 ||
	    json_u64(json_get(json, "size"), &ret->size) < 0 || ret->offset > bytes ||
	    ret->size > bytes - ret->offset)
		return -EBADMSG;
	if (digest && !digest_valid(digest))
		return -EBADMSG;
	if (digest)
		(void)memcpy(ret->digest, digest, DIGEST_TEXT_SIZE);
	ret->media_type = mem_strdup(type);
	return 0;
}

static int read_image(const struct json *json, uint64_t bytes, struct archive_image *ret)
{
	const struct json *names = json_get(json, "names");
	const struct json *layers = json_get(json, "layers");
	const struct json *manifest = json_get(json, "manifest");
	size_t count = json_count(layers);

	if (count > IMAGE_LAYERS_MAX ||
	    read_part(json_get(json, "config"), bytes, &ret->config) < 0)
		return -EBADMSG;
	if (manifest && (read_part(manifest, bytes, &ret->manifest) < 0 ||
			 ret->manifest.size == 0 || !ret->manifest.media_type))
		return -EBADMSG;
	if (ret->config.size > DOCUMENT_MAX || ret->manifest.size > DOCUMENT_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < json_count(names); i++) {
		if (!json_string(json_at(names, i)))
			return -EBADMSG;
		strv_add(&ret->names, json_string(json_at(names, i)));
	}
	ret->layers = mem_zero(count + 1, sizeof(*ret->layers));
	ret->layer_count = count;
	for (size_t i = 0; i < count; i++)
		if (read_part(json_at(layers, i), bytes, &ret->layers[i]) < 0)
			return -EBADMSG;
	return 0;
}

int archive_plan_read(const char *text, size_t len, uint64_t bytes, struct archive_plan *ret,
		      struct error *err)
{
	auto_archive_plan plan = {0};
	auto_json *json = NULL;
	int r = -EBADMSG;

	if (bytes <= INT64_MAX && json_parse(text, len, &json, NULL) == 0 &&
	    json_is(json, JSON_ARRAY)) {
		plan.count = json_count(json);
		plan.images = mem_zero(plan.count + 1, sizeof(*plan.images));
		r = 0;
	}
	for (size_t i = 0; r == 0 && i < plan.count; i++)
		r = read_image(json_at(json, i), bytes, &plan.images[i]);
	if (r < 0)
		return error_set(err, ERROR_SYSTEM,
				 "kist-worker unpack sent a message that makes no sense");
	*ret = plan;
	plan = (struct archive_plan) {0};
	return 0;
}

void archive_plan_release(struct archive_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct archive_image *image = &plan->images[i];

		strv_release(&image->names);
		free(image->manifest.media_type);
		free(image->config.media_type);
		for (size_t k = 0; k < image->layer_count; k++)
			free(image->layers[k].media_type);
		free(image->layers);
	}
	free(plan->images);
	*plan = (struct archive_plan) {0};
}
