#include "registry/fetch-wire.h"

#include "base/str.h"

#include <string.h>

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool is_digest(const char *text)
{
	return ends(text, IMAGE_DIGEST_SIZE) && image_digest_valid(text);
}

#define HAS_STRUCT(message, type_, copy)                                    \
	((message)->type == (type_) && (message)->len == sizeof(*(copy)) && \
	 memcpy((copy), (message)->data, sizeof(*(copy))))

bool fetch_job_valid(const struct imsg *message)
{
	const struct fetch_job *job = (const void *)message->data;

	return message->type == FETCH_JOB && message->len == sizeof(*job) &&
	       ends(job->domain, sizeof(job->domain)) &&
	       ends(job->repository, sizeof(job->repository)) &&
	       ends(job->reference, sizeof(job->reference)) && ends(job->name, sizeof(job->name)) &&
	       ends(job->platform.os, IMAGE_PLATFORM_SIZE) &&
	       ends(job->platform.architecture, IMAGE_PLATFORM_SIZE) &&
	       ends(job->platform.variant, IMAGE_PLATFORM_SIZE) &&
	       ends(job->proxy, sizeof(job->proxy)) && ends(job->no_proxy, sizeof(job->no_proxy)) &&
	       ends(job->username, sizeof(job->username)) &&
	       ends(job->password, sizeof(job->password)) &&
	       ends(job->refresh_token, sizeof(job->refresh_token));
}

bool fetch_document_valid(const struct imsg *message)
{
	struct fetch_document document;

	if (!HAS_STRUCT(message, FETCH_DOCUMENT, &document))
		return false;
	if (!is_digest(document.digest) || document.size > IMAGE_DOCUMENT_MAX)
		return false;
	if (document.role == FETCH_CONFIG)
		return document.type == MEDIA_OCI_CONFIG || document.type == MEDIA_DOCKER_CONFIG;
	return document.role == FETCH_MANIFEST && document.type < MEDIA_TYPE_COUNT &&
	       media_type_is_manifest(document.type);
}

bool fetch_layer_valid(const struct imsg *message)
{
	struct fetch_layer layer;

	return HAS_STRUCT(message, FETCH_LAYER, &layer) && is_digest(layer.digest) &&
	       layer.size <= INT64_MAX && layer.type < MEDIA_TYPE_COUNT &&
	       media_type_is_layer(layer.type);
}

bool fetch_resolved_valid(const struct imsg *message)
{
	struct fetch_resolved resolved;

	return HAS_STRUCT(message, FETCH_RESOLVED, &resolved) && is_digest(resolved.named);
}

bool fetch_blob_valid(const struct imsg *message, size_t layer_count)
{
	struct fetch_blob blob;

	return HAS_STRUCT(message, FETCH_BLOB, &blob) && blob.layer < layer_count;
}
