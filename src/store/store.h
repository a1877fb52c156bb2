/*
 * Images and layers on disk (docs/design/0001-shape.md, folders).
 *
 * An image is found by reference ("busybox", "localhost:5000/a/b:tag", "…@sha256:…") or by the
 * first digits of its id. What the engine knows of one is a struct image: read from our own record,
 * which the unpack worker made from the image config; nothing here parses what came from outside.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "codec/digest.h"
#include "io/root.h"
#include "store/reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	char id[DIGEST_TEXT_SIZE];	 /* digest of the config, "sha256:…" */
	char manifest[DIGEST_TEXT_SIZE]; /* digest of the manifest */
	char *os, *architecture, *variant;
	char *author;
	int64_t created;	/* ns since 1970, 0 if unknown */
	uint64_t size;		/* bytes of the unpacked layers */
	struct strv diff_ids;	/* lowest layer first, "sha256:…" */
	struct strv references; /* full names that point to it: docker.io/library/busybox:latest */
	/* OCI image-spec, config */
	struct strv env, entrypoint, cmd, exposed_ports, volumes, labels; /* labels: "key=value" */
	char *user, *working_dir, *stop_signal;
};

void image_release(struct image *image);
#define auto_image CLEANUP(image_release) struct image

/*
 * Finds the image called @name (reference or id prefix, Docker's rules: name first, then id).
 * ERROR_NOT_FOUND: "No such image: NAME"; ERROR_INVALID: not a reference; ERROR_CONFLICT: ambiguous
 * prefix.
 */
int store_image_find(const struct root *root, const char *name, struct image *ret,
		     struct error *err) MUST_CHECK;

/* All images, newest first, one entry per image id. *@ret is an array of *@ret_count, owned (free
 * each). For each whose record is damaged, a sentence that says so is appended to @damages (may be
 * NULL). */
int store_image_list(const struct root *root, struct image **ret, size_t *ret_count,
		     struct strv *damages, struct error *err) MUST_CHECK;

/* Points the reference @name at the image (Docker's tag). Durable when it returns. */
int store_image_tag(const struct root *root, const struct image *image, const char *name,
		    struct error *err) MUST_CHECK;

/*
 * Docker's rmi: removes the reference @name, and the image with its blobs and layers when it was
 * the last one (or @name is an id). Lines for the user ("Untagged: …", "Deleted: …") are appended
 * to @lines.
 * An image whose record is damaged goes as well, and with it whatever no other image needs.
 * @in_use tells whether a container uses an image id; then ERROR_CONFLICT unless @force.
 */
int store_image_remove(const struct root *root, const char *name, bool force,
		       bool (*in_use)(const char *image_id, char **ret_container, void *arg),
		       void *arg, struct strv *lines, struct error *err) MUST_CHECK;

/* The lower directories of the image, topmost first, absolute paths, for the overlay. ERROR_CORRUPT
 * names a layer that is missing. */
int store_layer_paths(const struct root *root, const struct image *image, struct strv *ret,
		      struct error *err) MUST_CHECK;

/* Bytes in the files of each of the layers @diff_ids, to @ret[0…]; 0 where they are not known. */
int store_layer_sizes(const struct root *root, const struct strv *diff_ids, uint64_t *ret,
		      struct error *err) MUST_CHECK;

/*
 * Reads images from a docker-archive or OCI archive (tar, plain or compressed) on @fd: `kist load`.
 * A line per image ("Loaded image: NAME", "Loaded image ID: …") is appended to @lines.
 */
int store_load(const struct root *root, int fd, struct strv *lines, struct error *err) MUST_CHECK;

/*
 * Makes an image of one layer from a root file system tar on @fd: `kist import`. @changes are
 * Dockerfile instructions (CMD ENTRYPOINT ENV EXPOSE LABEL USER VOLUME WORKDIR STOPSIGNAL). @name
 * may be NULL.
 */
int store_import(const struct root *root, int fd, const struct strv *changes, const char *message,
		 const char *name, struct image *ret, struct error *err) MUST_CHECK;

/* What a dead pull, load or import left behind, from the text of its intent. Idempotent. */
int store_recover(const struct root *root, const char *what, const char *id, const char *text,
		  struct error *err) MUST_CHECK;
