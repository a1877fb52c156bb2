/*
 * What the files of the ingest share.
 */
#pragma once

#include "base/strv.h"
#include "io/intent.h"
#include "io/worker.h"
#include "store/ingest.h"
#include "store/layer-wire.h"

struct ingest_layer {
	struct ingest *ingest;
	struct ingest_layer *next;
	unsigned number;
	struct worker unpack, apply;
	bool unpack_done, apply_done, done, failed;
	bool applying; /* false: the layer is here already, only its bytes are wanted */
	int epoll_fd;
	uint64_t progress;
	char digest[DIGEST_TEXT_SIZE], diff_id[DIGEST_TEXT_SIZE]; /* expected; "" if unknown */
	char compression[8];
	uint64_t size;
	struct layer_unpacked unpacked;
	struct ingest_layer_result result;
};

/* A blob that was hashed and waits for ingest_commit. */
struct ingest_blob {
	char digest[DIGEST_TEXT_SIZE];
	unsigned number;
};

struct ingest {
	const struct root *root;
	struct intent intent;
	char *name;	 /* "<what>-<random>", of intent and staging folder */
	int staging;	 /* the folder */
	int staging_all; /* the folder above it */
	unsigned count;	 /* numbers given away */
	struct ingest_layer *layers;
	struct ingest_blob *blobs;
	size_t blob_count;
	/* Of what is in the store already or was put there by us: removed again at the end, unless
	 * somebody needs it. Also the text of the intent. */
	struct strv held_layers, held_blobs;
	const char *new_image; /* whose record is written, and whose name is not yet; NULL */
};

/* Names in the staging folder. Owned by the caller. */
char *ingest_blob_name(unsigned number) MUST_CHECK;
char *ingest_layer_name(unsigned number) MUST_CHECK;
/* Creates the staged file of a new blob. */
int ingest_blob_create(struct ingest *ingest, unsigned number, struct error *err) MUST_CHECK;
/* With the lock held, or for something of our own: writes down that we need these (either may be
 * NULL). */
int ingest_hold(struct ingest *ingest, const char *diff_id, const char *blob,
		struct error *err) MUST_CHECK;
/* With the lock held, before the record of an image that was not here is written: whoever finds the
 * intent takes back a record that its name never followed. */
int ingest_announce(struct ingest *ingest, const char *image_id, struct error *err) MUST_CHECK;
void ingest_layer_release(struct ingest_layer *layer);
