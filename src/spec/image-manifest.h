/*
 * Image manifests and indexes: OCI image-spec 1.1 and Docker's schema 2 (manifest and list).
 *
 * Read strictly, because a digest says what the bytes are and not what they mean: a document that
 * names a member twice, that could be both an image and an index, or whose type is not what the
 * registry or the descriptor said it was, is refused (CVE-2021-41190). Schema 1 is refused with a
 * sentence of its own. URLs that a manifest offers (foreign layers) are not even read: everything
 * is fetched from the registry that was asked.
 *
 * Used by the fetch worker; what it found crosses to kist as fixed records.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/image-platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_DIGEST_SIZE  72 /* "sha256:", 64 digits, NUL */
#define IMAGE_DOCUMENT_MAX (4u << 20)
#define IMAGE_LAYERS_MAX   500 /* the kernel's OVL_MAX_STACK */
#define IMAGE_INDEX_MAX	   4096

enum media_type {
	MEDIA_UNKNOWN,
	MEDIA_OCI_MANIFEST,
	MEDIA_OCI_INDEX,
	MEDIA_OCI_CONFIG,
	MEDIA_OCI_LAYER,
	MEDIA_OCI_LAYER_GZIP,
	MEDIA_OCI_LAYER_ZSTD,
	MEDIA_OCI_FOREIGN,
	MEDIA_OCI_FOREIGN_GZIP,
	MEDIA_OCI_FOREIGN_ZSTD,
	MEDIA_DOCKER_MANIFEST,
	MEDIA_DOCKER_LIST,
	MEDIA_DOCKER_CONFIG,
	MEDIA_DOCKER_LAYER,
	MEDIA_DOCKER_LAYER_GZIP,
	MEDIA_DOCKER_LAYER_ZSTD,
	MEDIA_DOCKER_FOREIGN_GZIP,
	MEDIA_DOCKER_SCHEMA1,
	MEDIA_DOCKER_SCHEMA1_SIGNED,
	MEDIA_TYPE_COUNT,
};

/* The type called @name, parameters ("; charset=utf-8") left aside; NULL is unknown. */
enum media_type media_type_parse(const char *name);
const char *media_type_name(enum media_type type);
bool media_type_is_manifest(enum media_type type);
bool media_type_is_index(enum media_type type);
bool media_type_is_layer(enum media_type type);

struct image_descriptor {
	enum media_type type;
	char digest[IMAGE_DIGEST_SIZE];
	uint64_t size;
	struct image_platform platform; /* entries of an index only */
};

struct image_manifest {
	enum media_type type;		/* a manifest or an index */
	struct image_descriptor config; /* of a manifest */
	struct image_descriptor *parts; /* layers, lowest first; or the entries of the index that we
					   understand */
	size_t part_count;
};

bool image_digest_valid(const char *digest);

/*
 * Reads @len bytes at @text, which were announced as @announced (by Content-Type or descriptor;
 * MEDIA_UNKNOWN: by nobody). ERROR_CORRUPT: not such a document; ERROR_UNSUPPORTED: schema 1,
 * something that is no image, other digest algorithms.
 */
int image_manifest_parse(const char *text, size_t len, enum media_type announced,
			 struct image_manifest *ret, struct error *err) MUST_CHECK;
void image_manifest_release(struct image_manifest *manifest);
#define auto_image_manifest CLEANUP(image_manifest_release) struct image_manifest

/*
 * The entry of the index for @platform; failing that the first that does not say its platform (its
 * config must be asked); NULL if there is none.
 */
const struct image_descriptor *image_index_select(const struct image_manifest *index,
						  const struct image_platform *platform);
