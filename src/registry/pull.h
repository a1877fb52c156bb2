/*
 * Pulling an image from a registry (OCI distribution spec 1.1, Docker registry v2).
 *
 * TLS, HTTP and manifests are handled by kist-worker fetch, decompression, tar and the image config
 * by kist-worker unpack, files are made by kist-worker apply; this file starts them, joins them
 * with pipes and publishes what they verified. Layers run side by side, each in one pass.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"
#include "registry/credentials.h"
#include "store/store.h"

#include <stdbool.h>

struct pull_progress {
	/* Called for every change worth showing: @layer is twelve digits of the digest or NULL for
	 * the image itself; @status is Docker's word ("Pulling fs layer", "Downloading",
	 * "Extracting", "Pull complete", "Already exists"); @current and @total are bytes, 0 if
	 * unknown. NULL: silent. */
	void (*report)(const char *layer, const char *status, uint64_t current, uint64_t total,
		       void *arg);
	void *arg;
};

struct pull_request {
	const char *name;     /* reference as the user gave it */
	const char *platform; /* "os/arch[/variant]", NULL: this machine's */
	/* What the registry is shown; NULL: the user's own (registry/credentials.h). */
	const struct credentials *credentials;
};

/*
 * Fetches the image, whole and durable when this returns 0: the reference is then in place.
 * *@ret_digest (owned) is the digest of what the reference named; *@ret_new tells whether anything
 * was new. ERROR_NOT_FOUND, ERROR_DENIED, ERROR_UNAVAILABLE (registry down), ERROR_CORRUPT (digest,
 * truncated, hostile layer), ERROR_UNSUPPORTED (no such platform, media type), ERROR_EXHAUSTED
 * (disk full). After a failure nothing of the pull is left but complete, verified layers that later
 * pulls reuse.
 */
int registry_pull(const struct root *root, const struct pull_request *request,
		  const struct pull_progress *progress, char **ret_digest, bool *ret_new,
		  struct error *err) MUST_CHECK;
