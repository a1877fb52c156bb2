/*
 * What the files of store/ share: the folders, the lock, and the record of an image.
 *
 * Who changes what images there are (publishes, tags, removes) holds the lock for the moment of the
 * change; who reads does not need it, since every file is replaced whole.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"
#include "store/store.h"

#define STORE_RECORD_MAX (8u << 20)

struct record {
	struct image image; /* references: those whose file says so too */
	struct strv blobs;  /* digests of the compressed layers, lowest first */
	char *manifest_type;
	uint64_t manifest_size;
};

void image_record_release(struct record *record);
#define auto_record CLEANUP(image_record_release) struct record

/* @id is a valid digest. ERROR_NOT_FOUND: "No such image: ID"; ERROR_CORRUPT. */
int image_record_read(const struct root *root, const char *id, struct record *ret,
		      struct error *err) MUST_CHECK;
/* Durable when it returns. */
int record_write(const struct root *root, const struct record *record,
		 struct error *err) MUST_CHECK;
/* Calls @each with the id of every record until it returns non-zero; returns that or 0. */
int record_each(const struct root *root, int (*each)(const char *id, void *arg), void *arg,
		struct error *err) MUST_CHECK;

/* What the file of a reference says: *@ret_image, and *@ret_manifest (may be NULL). 1, or 0 if
 * there is none. */
int reference_read(const struct root *root, const struct reference *ref,
		   char ret_image[DIGEST_TEXT_SIZE], char ret_manifest[DIGEST_TEXT_SIZE],
		   struct error *err) MUST_CHECK;

/* With the lock held: points @ref at the image of @record, which is written too; takes it from the
 * image that had it. *@ret_new: it pointed elsewhere, or nowhere. */
int reference_point(const struct root *root, const struct reference *ref, struct record *record,
		    bool *ret_new, struct error *err) MUST_CHECK;

/* Writes images/oci-layout and images/index.json anew from the references there are. With the lock
 * held. */
int layout_write(const struct root *root, struct error *err) MUST_CHECK;

/* A descriptor that holds the lock until it is closed. */
int store_lock(const struct root *root, struct error *err) MUST_CHECK;

/*
 * With the lock held: removes those of @layers (diff-IDs) and @blobs (digests) that no record and
 * no living operation needs, but for the operation called @except (NULL: none). A diff-ID that went
 * is appended to @gone (may be NULL).
 */
int store_collect(const struct root *root, const struct strv *layers, const struct strv *blobs,
		  const char *except, struct strv *gone, struct error *err) MUST_CHECK;

/* Bytes in the files of an unpacked layer, kept beside it; 0 if nobody wrote them down. */
uint64_t layer_size(int layers_fd, const char *diff_id);
