#include "spec/image-manifest.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "codec/json-unique.h"
#include "codec/json.h"

#include <string.h>
#include <strings.h>

static const char *const names[MEDIA_TYPE_COUNT] = {
	[MEDIA_UNKNOWN] = "",
	[MEDIA_OCI_MANIFEST] = "application/vnd.oci.image.manifest.v1+json",
	[MEDIA_OCI_INDEX] = "application/vnd.oci.image.index.v1+json",
	[MEDIA_OCI_CONFIG] = "application/vnd.oci.image.config.v1+json",
	[MEDIA_OCI_LAYER] = "application/vnd.oci.image.layer.v1.tar",
	[MEDIA_OCI_LAYER_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
	[MEDIA_OCI_LAYER_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
	[MEDIA_OCI_FOREIGN] = "application/vnd.oci.image.layer.nondistributable.v1.tar",
	[MEDIA_OCI_FOREIGN_GZIP] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	[MEDIA_OCI_FOREIGN_ZSTD] = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	[MEDIA_DOCKER_MANIFEST] = "application/vnd.docker.distribution.manifest.v2+json",
	[MEDIA_DOCKER_LIST] = "application/vnd.docker.distribution.manifest.list.v2+json",
	[MEDIA_DOCKER_CONFIG] = "application/vnd.docker.container.image.v1+json",
	[MEDIA_DOCKER_LAYER] = "application/vnd.docker.image.rootfs.diff.tar",
	[MEDIA_DOCKER_LAYER_GZIP] = "application/vnd.docker.image.rootfs.diff.tar.gzip",
	[MEDIA_DOCKER_LAYER_ZSTD] = "application/vnd.docker.image.rootfs.diff.tar.zstd",
	[MEDIA_DOCKER_FOREIGN_GZIP] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
	[MEDIA_DOCKER_SCHEMA1] = "application/vnd.docker.distribution.manifest.v1+json",
	[MEDIA_DOCKER_SCHEMA1_SIGNED] = "application/vnd.docker.distribution.manifest.v1+prettyjws",
};

enum media_type media_type_parse(const char *name)
{
	size_t len;

	if (!name)
		return MEDIA_UNKNOWN;
	len = strcspn(name, "; \t");
	for (enum media_type type = 1; type < MEDIA_TYPE_COUNT; type++)
		if (strlen(names[type]) == len && strncasecmp(names[type], name, len) == 0)
			return type;
	return MEDIA_UNKNOWN;
}

const char *media_type_name(enum media_type type)
{
	return names[type];
}

bool media_type_is_manifest(enum media_type type)
{
	return type == MEDIA_OCI_MANIFEST || type == MEDIA_DOCKER_MANIFEST;
}

bool media_type_is_index(enum media_type type)
{
	return type == MEDIA_OCI_INDEX || type == MEDIA_DOCKER_LIST;
}

bool media_type_is_layer(enum media_type type)
{
	return (type >= MEDIA_OCI_LAYER && type <= MEDIA_OCI_FOREIGN_ZSTD) ||
	       (type >= MEDIA_DOCKER_LAYER && type <= MEDIA_DOCKER_FOREIGN_GZIP);
}

static bool is_config(enum media_type type)
{
	return type == MEDIA_OCI_CONFIG || type == MEDIA_DOCKER_CONFIG;
}

static bool is_schema1(enum media_type type)
{
	return type == MEDIA_DOCKER_SCHEMA1 || type == MEDIA_DOCKER_SCHEMA1_SIGNED;
}

bool image_digest_valid(const char *digest)
{
	return str_starts(digest, "sha256:") && parse_is_hex(digest + 7, 64);
}

/* The digest and size of @json. @what is what the sentence calls it. */
static int read_descriptor(const struct json *json, const char *what, struct image_descriptor *ret,
			   struct error *err)
{
	const char *digest = json_get_string(json, "digest");
	uint64_t size;

	if (!json_is(json, JSON_OBJECT) || !digest)
		return error_set(err, ERROR_CORRUPT, "the manifest has no proper %s", what);
	if (!image_digest_valid(digest))
		return error_set(
			err, str_starts(digest, "sha512:") ? ERROR_UNSUPPORTED : ERROR_CORRUPT,
			"the digest of the manifest's %s is not sha256 in lower case", what);
	if (json_u64(json_get(json, "size"), &size) < 0 || size > INT64_MAX)
		return error_set(err, ERROR_CORRUPT, "the manifest's %s has no proper size", what);
	ret->type = media_type_parse(json_get_string(json, "mediaType"));
	memcpy(ret->digest, digest, IMAGE_DIGEST_SIZE);
	ret->size = size;
	return 0;
}

/* Absent is empty; a name too long for us is no name that we could match. */
static void read_platform_word(const struct json *json, const char *key, char *ret)
{
	const char *word = json_get_string(json, key);

	if (!word)
		return;
	(void)strncpy(ret, strlen(word) < IMAGE_PLATFORM_SIZE ? word : "unknown",
		      IMAGE_PLATFORM_SIZE - 1);
}

static void read_platform(const struct json *json, struct image_platform *ret)
{
	read_platform_word(json, "os", ret->os);
	read_platform_word(json, "architecture", ret->architecture);
	read_platform_word(json, "variant", ret->variant);
}

static int read_config(const struct json *json, struct image_manifest *manifest, struct error *err)
{
	int r;

	r = read_descriptor(json_get(json, "config"), "config", &manifest->config, err);
	if (r < 0)
		return r;
	if (!is_config(manifest->config.type))
		return error_set(err, ERROR_UNSUPPORTED,
				 "this is not a container image but some other artifact");
	if (manifest->config.size > IMAGE_DOCUMENT_MAX)
		return error_set(err, ERROR_CORRUPT, "the image config is larger than 4 MiB");
	return 0;
}

static int read_image(const struct json *json, struct image_manifest *manifest, struct error *err)
{
	const struct json *layers = json_get(json, "layers");
	uint64_t total = 0;
	int r;

	r = read_config(json, manifest, err);
	if (r < 0)
		return r;
	if (!json_is(layers, JSON_ARRAY))
		return error_set(err, ERROR_CORRUPT, "the manifest has no list of layers");
	if (json_count(layers) > IMAGE_LAYERS_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "the image has more than %d layers",
				 IMAGE_LAYERS_MAX);
	manifest->parts = mem_zero(json_count(layers) + 1, sizeof(*manifest->parts));
	for (size_t i = 0; i < json_count(layers); i++) {
		struct image_descriptor *layer = &manifest->parts[i];

		r = read_descriptor(json_at(layers, i), "layer", layer, err);
		if (r < 0)
			return r;
		if (!media_type_is_layer(layer->type))
			return error_set(
				err, ERROR_UNSUPPORTED,
				"layer %zu of the image is of a type that is not supported", i + 1);
		if (__builtin_add_overflow(total, layer->size, &total) || total > INT64_MAX)
			return error_set(err, ERROR_CORRUPT, "the layers' sizes make no sense");
	}
	manifest->part_count = json_count(layers);
	return 0;
}

/* Entries of other types (signatures, artifacts) are nobody's platform and left out. */
static int read_index(const struct json *json, struct image_manifest *index, struct error *err)
{
	const struct json *entries = json_get(json, "manifests");
	int r;

	if (!json_is(entries, JSON_ARRAY))
		return error_set(err, ERROR_CORRUPT, "the index has no list of manifests");
	if (json_count(entries) > IMAGE_INDEX_MAX)
		return error_set(err, ERROR_CORRUPT, "the index has more than %d entries",
				 IMAGE_INDEX_MAX);
	index->parts = mem_zero(json_count(entries) + 1, sizeof(*index->parts));
	for (size_t i = 0; i < json_count(entries); i++) {
		struct image_descriptor *entry = &index->parts[index->part_count];
		const char *type = json_get_string(json_at(entries, i), "mediaType");

		if (!media_type_is_manifest(media_type_parse(type)) &&
		    !media_type_is_index(media_type_parse(type)))
			continue;
		r = read_descriptor(json_at(entries, i), "entry", entry, err);
		if (r < 0)
			return r;
		if (entry->size > IMAGE_DOCUMENT_MAX)
			return error_set(err, ERROR_CORRUPT, "a manifest is larger than 4 MiB");
		read_platform(json_get(json_at(entries, i), "platform"), &entry->platform);
		index->part_count++;
	}
	return 0;
}

/* The type that the document claims and the one that was announced must be the same, and its
 * members must fit no other. */
static int agree_on_type(const struct json *json, enum media_type announced, enum media_type *ret,
			 struct error *err)
{
	const struct json *claim = json_get(json, "mediaType");
	enum media_type claimed = media_type_parse(json_string(claim));
	bool lists = json_get(json, "manifests") != NULL;
	bool layered = json_get(json, "layers") || json_get(json, "config");
	int64_t version;

	if (is_schema1(announced) || is_schema1(claimed) ||
	    (json_i64(json_get(json, "schemaVersion"), &version) == 0 && version == 1))
		return error_set(err, ERROR_UNSUPPORTED,
				 "the image has a manifest of the old schema 1, which is no longer "
				 "supported; push it again with a current client");
	if (json_i64(json_get(json, "schemaVersion"), &version) < 0 || version != 2)
		return error_set(err, ERROR_CORRUPT, "the manifest is not of schema version 2");
	if (claim && !json_is(claim, JSON_STRING))
		return error_set(err, ERROR_CORRUPT, "the manifest's mediaType is no string");
	if (lists && layered)
		return error_set(err, ERROR_CORRUPT,
				 "the manifest is ambiguous: it has both manifests and layers");
	if (claim && announced != MEDIA_UNKNOWN && claimed != announced)
		return error_set(err, ERROR_CORRUPT,
				 "the manifest is ambiguous: its mediaType is not the type it was "
				 "announced as");
	if (claimed == MEDIA_UNKNOWN && !claim)
		claimed = announced;
	if (!media_type_is_manifest(claimed) && !media_type_is_index(claimed))
		return error_set(err, ERROR_UNSUPPORTED,
				 "the manifest is of a type that is not supported");
	if (media_type_is_index(claimed) ? layered : lists)
		return error_set(
			err, ERROR_CORRUPT,
			"the manifest is ambiguous: its members do not belong to its type");
	*ret = claimed;
	return 0;
}

int image_manifest_parse(const char *text, size_t len, enum media_type announced,
			 struct image_manifest *ret, struct error *err)
{
	auto_image_manifest manifest = {0};
	auto_json *json = NULL;
	int r;

	if (len > IMAGE_DOCUMENT_MAX)
		return error_set(err, ERROR_CORRUPT, "the manifest is larger than 4 MiB");
	if (json_parse(text, len, &json, NULL) < 0 || !json_is(json, JSON_OBJECT))
		return error_set(err, ERROR_CORRUPT, "the manifest is not a JSON object");
	if (!json_unique(text, len, json))
		return error_set(err, ERROR_CORRUPT,
				 "the manifest is ambiguous: it names a member twice");
	r = agree_on_type(json, announced, &manifest.type, err);
	if (r < 0)
		return r;
	r = media_type_is_index(manifest.type) ? read_index(json, &manifest, err)
					       : read_image(json, &manifest, err);
	if (r < 0)
		return r;
	*ret = manifest;
	manifest = (struct image_manifest) {0};
	return 0;
}

void image_manifest_release(struct image_manifest *manifest)
{
	mem_freep(&manifest->parts);
	*manifest = (struct image_manifest) {0};
}

const struct image_descriptor *image_index_select(const struct image_manifest *index,
						  const struct image_platform *platform)
{
	const struct image_descriptor *best = NULL, *silent = NULL;
	unsigned best_fit = 0;

	for (size_t i = 0; i < index->part_count; i++) {
		const struct image_descriptor *entry = &index->parts[i];
		unsigned fit = image_platform_fit(platform, &entry->platform);

		if (fit > best_fit) {
			best = entry;
			best_fit = fit;
		}
		if (!silent && !entry->platform.os[0] && !entry->platform.architecture[0])
			silent = entry;
	}
	return best ? best : silent;
}
