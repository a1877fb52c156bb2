/*
 * From a name and a platform to the documents of one image: index, manifest, config. For the fetch
 * worker. Every document's digest is computed over the bytes as they came; one that was asked for
 * by digest must have it.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "registry/session.h"
#include "spec/image-manifest.h"

struct document {
	enum media_type type; /* MEDIA_UNKNOWN: there is none */
	char digest[IMAGE_DIGEST_SIZE];
	struct str text;
};

struct resolved {
	struct document named; /* what the reference names: an index, or the manifest itself */
	struct document manifest;
	struct document config;
	struct image_manifest image; /* the manifest, read */
};

/*
 * @reference is a tag or a digest. ERROR_NOT_FOUND, ERROR_DENIED, ERROR_UNAVAILABLE,
 * ERROR_UNSUPPORTED (nothing for that platform), ERROR_CORRUPT.
 */
int resolve(struct session *session, const char *reference, const struct image_platform *platform,
	    struct resolved *ret, struct error *err) MUST_CHECK;
void resolved_release(struct resolved *resolved);
#define auto_resolved CLEANUP(resolved_release) struct resolved
