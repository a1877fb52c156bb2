/*
 * Images on their way into the store: pull, load and import are built on this.
 *
 * A struct ingest is one operation. Everything it makes lies in a staging folder that its intent
 * names, so that a dead operation leaves nothing (store_recover). Layers are taken in side by side,
 * each by two workers: kist-worker unpack reads the compressed bytes, hashes them, keeps them as a
 * blob, decompresses, hashes again and reads the tar; kist-worker apply makes the files.
 * ingest_commit() makes the image visible: synced first, then renamed, then referred to.
 *
 *   ingest_begin → ingest_config → ingest_layer_start ×n → poll(ingest_layer_fd) +
 *   ingest_layer_advance until 1 → ingest_blob (manifest) → ingest_commit → ingest_free
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct ingest;
struct ingest_layer;

#define INGEST_SIZE_UNKNOWN UINT64_MAX
/* A config or a manifest is at most so long. */
#define INGEST_DOCUMENT_MAX (4u << 20)

/* Starts an operation and writes its intent "<what>-<random>"; @what is "pull", "load" or "import".
 * @root must outlive it. */
int ingest_begin(const struct root *root, const char *what, struct ingest **ret,
		 struct error *err) MUST_CHECK;
/* Ends it: kills the workers that still run and removes what was not committed. NULL is nothing. */
void ingest_free(struct ingest *ingest);
void ingest_freep(struct ingest **ingest);
#define auto_ingest CLEANUP(ingest_freep) struct ingest

/*
 * Keeps @len bytes as a blob (a manifest, an index). @digest is what they must hash to, or NULL.
 * ERROR_CORRUPT if they do not.
 */
int ingest_blob(struct ingest *ingest, const void *data, size_t len, const char *digest,
		char ret_digest[DIGEST_TEXT_SIZE], struct error *err) MUST_CHECK;

/*
 * Keeps an image config as a blob and reads it, in a worker. @digest as above. *@ret has everything
 * but manifest, size and references. ERROR_CORRUPT, ERROR_INVALID, ERROR_UNSUPPORTED.
 */
int ingest_config(struct ingest *ingest, const void *data, size_t len, const char *digest,
		  struct image *ret, struct error *err) MUST_CHECK;

/*
 * 1 if both the unpacked layer @diff_id and the blob @digest are here already (nothing needs to be
 * fetched; neither goes away while this operation lives), 0 if not.
 */
int ingest_layer_present(struct ingest *ingest, const char *digest, const char *diff_id,
			 struct error *err) MUST_CHECK;

struct ingest_layer_request {
	int source_fd;	 /* the compressed bytes to the end of the file; borrowed, may be closed by
			    the caller once started */
	uint64_t offset; /* with a length: take @size bytes from @offset of a regular file */
	bool ranged;
	const char *media_type; /* NULL: look at the first bytes */
	const char *digest;	/* expected digest of the compressed bytes, or NULL */
	const char *diff_id;	/* expected digest of the tar, or NULL */
	uint64_t size;		/* expected number of compressed bytes, or INGEST_SIZE_UNKNOWN */
};

struct ingest_layer_result {
	char digest[DIGEST_TEXT_SIZE];
	char diff_id[DIGEST_TEXT_SIZE];
	uint64_t size;	    /* compressed bytes */
	uint64_t tar_size;  /* bytes of the tar */
	uint64_t file_size; /* bytes in regular files */
	char media_type[64];
};

/* Starts the workers. The layer belongs to @ingest. */
int ingest_layer_start(struct ingest *ingest, const struct ingest_layer_request *request,
		       struct ingest_layer **ret, struct error *err) MUST_CHECK;
/* Readable when ingest_layer_advance has something to do. */
int ingest_layer_fd(const struct ingest_layer *layer);
/* Takes in what the workers say, without waiting. 1: finished and verified; 0: not yet. An error
 * names the layer and what is wrong with it: ERROR_CORRUPT, ERROR_EXHAUSTED (disk full),
 * ERROR_UNSUPPORTED, ERROR_INVALID (hostile entry). */
int ingest_layer_advance(struct ingest_layer *layer, struct error *err) MUST_CHECK;
/* The same, to the end. */
int ingest_layer_wait(struct ingest_layer *layer, struct error *err) MUST_CHECK;
/* Compressed bytes read so far. */
uint64_t ingest_layer_progress(const struct ingest_layer *layer);
/* Valid once ingest_layer_advance has returned 1. */
const struct ingest_layer_result *ingest_layer_result(const struct ingest_layer *layer);

struct ingest_image {
	const struct image *image; /* of ingest_config */
	const char *reference;	   /* full name, or NULL for none */
	const char *manifest;	   /* digest of the manifest, already kept with ingest_blob */
	const char *manifest_type; /* its media type */
	uint64_t manifest_size;
	const struct strv *layers; /* digests of the compressed layers, lowest first */
};

/*
 * Makes the image whole, durable and visible, in this order: everything staged is synced, renamed
 * to its place, the folders synced, the record and the reference written. May be called again for
 * another image of the same archive. *@ret_new (may be NULL): the reference was not this before.
 */
int ingest_commit(struct ingest *ingest, const struct ingest_image *image, bool *ret_new,
		  struct error *err) MUST_CHECK;
