/*
 * What the files of store/ share: the folders, the lock, and the record of an image.
 *
 * Who changes what images there are (publishes, tags, removes) holds the lock for the moment of the
 * change; who reads does not need it, since every file is replaced whole.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/intent.h"
#include "io/root.h"
#include "store/store.h"

#define STORE_RECORD_MAX (8u << 20)

/* The same image may have come in several wrappings: as gzip, as zstd, from an archive. */
struct image_record_manifest {
	char digest[DIGEST_TEXT_SIZE];
	char *media_type;
	uint64_t size;
	struct strv blobs; /* digests of the compressed layers, lowest first */
};

struct image_record {
	/* references: those whose file says so too; manifest: the newest, or that of the reference
	 * by which the image was found. */
	struct image image;
	struct image_record_manifest *manifests; /* oldest first, at least one */
	size_t manifest_count;
	bool unconfirmed; /* as read: it was written with names, and no file says any of them */
};

/* Adds a manifest, or makes it the newest. */
void image_record_add_manifest(struct image_record *record, const char *digest,
			       const char *media_type, uint64_t size, const struct strv *blobs);
/* NULL if the image has no such manifest. */
const struct image_record_manifest *image_record_manifest_find(const struct image_record *record,
							       const char *digest);
/* Appends what the manifest needs to @blobs: itself and its layers. */
void image_record_manifest_blobs(const struct image_record_manifest *manifest, struct strv *blobs);

void image_record_release(struct image_record *record);
#define auto_image_record CLEANUP(image_record_release) struct image_record

/* @id is a valid digest. ERROR_NOT_FOUND: "No such image: ID"; ERROR_CORRUPT. */
int image_record_read(const struct root *root, const char *id, struct image_record *ret,
		      struct error *err) MUST_CHECK;
/* What is known of an image whose record is damaged: id and names. */
int image_record_salvage(const struct root *root, const char *id, struct image_record *ret,
			 struct error *err) MUST_CHECK;
/* Durable when it returns. */
int image_record_write(const struct root *root, const struct image_record *record,
		       struct error *err) MUST_CHECK;
/* With the lock held: the record alone; durable when it returns. */
int image_record_remove(const struct root *root, const char *id, struct error *err) MUST_CHECK;
/* With the lock held: removes the record of a new image whose name never followed. One that
 * somebody else has written again meanwhile, without a name, is theirs. */
int image_record_take_back(const struct root *root, const char *id, struct error *err) MUST_CHECK;
/* Calls @each with the id of every record until it returns non-zero; returns that or 0. */
int image_record_each(const struct root *root, int (*each)(const char *id, void *arg), void *arg,
		      struct error *err) MUST_CHECK;

/* What the file of a reference says: *@ret_image, and *@ret_manifest (may be NULL). 1, or 0 if
 * there is none. */
int reference_read(const struct root *root, const struct reference *ref,
		   char ret_image[DIGEST_TEXT_SIZE], char ret_manifest[DIGEST_TEXT_SIZE],
		   struct error *err) MUST_CHECK;

/* With the lock held: points @ref at record->image.manifest, and writes the record. *@ret_new (may
 * be NULL): it pointed elsewhere, or nowhere. */
int reference_point(const struct root *root, const struct reference *ref,
		    struct image_record *record, bool *ret_new, struct error *err) MUST_CHECK;

/* With the lock held: forgets manifests that none of the image's names points to any more, and
 * removes their blobs. An image without names keeps all. */
int image_record_prune(const struct root *root, struct image_record *record,
		       struct error *err) MUST_CHECK;

/* Writes images/oci-layout and images/index.json anew from the references there are. With the lock
 * held. */
int layout_write(const struct root *root, struct error *err) MUST_CHECK;

/* A descriptor that holds the lock until it is closed. */
int store_lock(const struct root *root, struct error *err) MUST_CHECK;

/* What the intent of an operation says of the layers and blobs that it relies on, or may leave
 * without anybody who needs them; @image (may be NULL) is one whose names may be missing. */
char *store_intent_text(const struct strv *layers, const struct strv *blobs,
			const char *image) MUST_CHECK;

/*
 * With the lock held: removes those of @layers (diff-IDs) and @blobs (digests) that no record and
 * no living operation needs, but for the operation called @except (NULL: none). A diff-ID that went
 * is appended to @gone (may be NULL).
 */
int store_collect(const struct root *root, const struct strv *layers, const struct strv *blobs,
		  const char *except, struct strv *gone, struct error *err) MUST_CHECK;

/* All layers and blobs there are, needed or not. */
int store_list_all(const struct root *root, struct strv *ret_layers, struct strv *ret_blobs,
		   struct error *err) MUST_CHECK;

/*
 * With the lock held, the two ends of what takes somebody's need away: between them the names and
 * the record of the image go, or a part of the record. Whoever dies in between, or fails and
 * abandons the intent, has it completed by the next command: an image (@image, or NULL) without
 * names goes, and of @layers and @blobs what nobody needs.
 */
int store_collect_begin(const struct root *root, const char *image, const struct strv *layers,
			const struct strv *blobs, struct intent *ret, struct error *err) MUST_CHECK;
/* store_collect(), and the end of the intent if that succeeds. */
int store_collect_end(const struct root *root, const struct strv *layers, const struct strv *blobs,
		      struct intent *intent, struct strv *gone, struct error *err) MUST_CHECK;

/* Calls @each with every reference there is until it returns non-zero; returns that or 0. */
int reference_each(const struct root *root, int (*each)(const struct reference *ref, void *arg),
		   void *arg, struct error *err) MUST_CHECK;

/* Bytes in the files of an unpacked layer, kept beside it; 0 if nobody wrote them down. */
uint64_t layer_size(int layers_fd, const char *diff_id);
