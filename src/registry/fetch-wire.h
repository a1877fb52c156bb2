/*
 * What kist and `kist-worker fetch` say to each other (over io/worker's socket).
 *
 *   kist     FETCH_JOB, which registry, what, for which platform, as whom
 *   worker   FETCH_DOCUMENT and its bytes as WORKER_DATA: the manifest, then the config
 *            FETCH_LAYER for every layer, lowest first
 *            FETCH_RESOLVED
 *   kist     FETCH_BLOB with the writing end of a pipe, for any layer, several at once
 *   worker   (bytes into the pipes; its end is closed when all are in it)
 *   kist     closes the socket; the worker ends
 *
 * Anything that fails is one WORKER_ERROR, the last message. The worker reads what strangers send:
 * kist checks every field of what comes from it again (fetch_*_valid).
 */
#pragma once

#include "base/macro.h"
#include "io/worker.h"
#include "spec/image-manifest.h"
#include "spec/image-platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fetch_message {
	FETCH_JOB = WORKER_FIRST_OWN,
	FETCH_DOCUMENT,
	FETCH_LAYER,
	FETCH_RESOLVED,
	FETCH_BLOB,
};

#define FETCH_WORD_MAX	 512
#define FETCH_SECRET_MAX (16u << 10)
#define FETCH_BLOBS_MAX	 8 /* at once */

/* All strings end with NUL. */
struct fetch_job {
	char domain[FETCH_WORD_MAX];	 /* "docker.io", "127.0.0.1:5000" */
	char repository[FETCH_WORD_MAX]; /* "library/busybox" */
	char reference[FETCH_WORD_MAX];	 /* tag or digest */
	char name[FETCH_WORD_MAX];	 /* how errors call the repository */
	struct image_platform platform;
	char proxy[FETCH_WORD_MAX];    /* for https; empty: none */
	char no_proxy[FETCH_WORD_MAX]; /* hosts that are asked without it */
	char username[FETCH_WORD_MAX];
	char password[FETCH_SECRET_MAX];      /* empty: none */
	char refresh_token[FETCH_SECRET_MAX]; /* empty: none */
};

enum fetch_document_role {
	FETCH_MANIFEST,
	FETCH_CONFIG,
};

struct fetch_document {
	uint32_t role;
	uint32_t type; /* enum media_type */
	uint64_t size; /* of the bytes that follow */
	char digest[IMAGE_DIGEST_SIZE];
};

struct fetch_layer {
	uint32_t type; /* enum media_type */
	uint32_t reserved;
	uint64_t size;
	char digest[IMAGE_DIGEST_SIZE];
};

struct fetch_resolved {
	char named[IMAGE_DIGEST_SIZE]; /* digest of what the reference names */
};

struct fetch_blob {
	uint32_t layer; /* number of the FETCH_LAYER */
};

bool fetch_job_valid(const struct imsg *message);
bool fetch_document_valid(const struct imsg *message);
bool fetch_layer_valid(const struct imsg *message);
bool fetch_resolved_valid(const struct imsg *message);
bool fetch_blob_valid(const struct imsg *message, size_t layer_count);
