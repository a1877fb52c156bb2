/* Properties: whatever is accepted has digests that are safe as file names, types that fit their
 * place, and sizes that can be added up; the first byte chooses the announced type. */
#include "base/mem.h"
#include "spec/image-manifest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_image(const struct image_manifest *manifest)
{
	uint64_t total = 0;

	if (!image_digest_valid(manifest->config.digest))
		abort();
	for (size_t i = 0; i < manifest->part_count; i++) {
		if (!media_type_is_layer(manifest->parts[i].type))
			abort();
		if (__builtin_add_overflow(total, manifest->parts[i].size, &total))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_platform platform = {.os = "linux", .architecture = "amd64"};
	auto_image_manifest manifest = {0};
	auto_free char *text = NULL;

	if (size == 0)
		return 0;
	text = mem_strndup((const char *)data + 1, size - 1);
	if (image_manifest_parse(text, strlen(text), data[0] % MEDIA_TYPE_COUNT, &manifest, NULL) <
	    0)
		return 0;
	for (size_t i = 0; i < manifest.part_count; i++)
		if (!image_digest_valid(manifest.parts[i].digest))
			abort();
	if (media_type_is_index(manifest.type))
		(void)image_index_select(&manifest, &platform);
	else if (media_type_is_manifest(manifest.type))
		check_image(&manifest);
	else
		abort();
	return 0;
}
