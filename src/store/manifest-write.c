#include "store/manifest-write.h"

#include "codec/json-write.h"

#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"

static void write_descriptor(struct json_writer *w, const char *key, const char *type,
			     const char *digest, uint64_t size)
{
	json_object_begin(w, key);
	json_write_string(w, "mediaType", type);
	json_write_string(w, "digest", digest);
	json_write_u64(w, "size", size);
	json_end(w);
}

void manifest_write(struct str *text, const char *config, uint64_t config_size,
		    const struct manifest_layer *layers, size_t count)
{
	struct json_writer w;

	json_writer_init(&w, text, 0);
	json_object_begin(&w, NULL);
	json_write_u64(&w, "schemaVersion", 2);
	json_write_string(&w, "mediaType", MANIFEST_TYPE);
	write_descriptor(&w, "config", CONFIG_TYPE, config, config_size);
	json_array_begin(&w, "layers");
	for (size_t i = 0; i < count; i++)
		write_descriptor(&w, NULL, layers[i].media_type, layers[i].digest, layers[i].size);
	json_end(&w);
	json_end(&w);
}
