/*
 * The last step of an ingest: from the staging folder to the places where others look. Everything
 * here is done with the lock held.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "io/atomic-file.h"
#include "store/ingest-internal.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOBS "images/blobs/sha256"

struct places {
	int layers, blobs;
};

static void places_release(struct places *places)
{
	places->layers = fd_close(places->layers);
	places->blobs = fd_close(places->blobs);
}

/* Somebody else may have brought the same content meanwhile; then ours goes with the staging
 * folder. */
static int move(int from, const char *name, int to, const char *hex)
{
	if (renameat2(from, name, to, hex, RENAME_NOREPLACE) == 0 || errno == EEXIST ||
	    errno == ENOENT)
		return 0;
	return -errno;
}

static int publish_blob(struct ingest *ingest, int blobs, unsigned number, const char *digest,
			struct error *err)
{
	auto_free char *name = ingest_blob_name(number);
	int r = move(ingest->staging, name, blobs, digest_hex(digest));

	return r < 0 ? error_errno(err, r, "publish blob %.12s", digest_hex(digest)) : 0;
}

static int publish_layer(const struct ingest_layer *layer, const struct places *places,
			 struct error *err)
{
	const struct ingest_layer_result *result = &layer->result;
	auto_free char *name = ingest_layer_name(layer->number);
	auto_free char *size_name = mem_printf("%s.size", digest_hex(result->diff_id));
	char text[32];
	int r, len;

	if (layer->applying) {
		len = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)result->file_size);
		r = atomic_write(places->layers, size_name, text, (size_t)len, 0600, 0);
		if (r == 0)
			r = move(layer->ingest->staging, name, places->layers,
				 digest_hex(result->diff_id));
		if (r < 0)
			return error_errno(err, r, "publish layer %.12s",
					   digest_hex(result->diff_id));
	}
	return publish_blob(layer->ingest, places->blobs, layer->number, result->digest, err);
}

/* Before the renames: what a dead operation has published but not referred to is found again. */
static int hold_all(struct ingest *ingest, struct error *err)
{
	int r = 0;

	for (struct ingest_layer *layer = ingest->layers; r == 0 && layer; layer = layer->next)
		if (layer->done)
			r = ingest_hold(ingest, layer->result.diff_id, layer->result.digest, err);
	for (size_t i = 0; r == 0 && i < ingest->blob_count; i++)
		r = ingest_hold(ingest, NULL, ingest->blobs[i].digest, err);
	return r;
}

static int publish(struct ingest *ingest, const struct places *places, struct error *err)
{
	int r;

	r = hold_all(ingest, err);
	if (r < 0)
		return r;
	if (syncfs(ingest->staging) < 0)
		return error_errno(err, errno, "write the image to the disk");
	for (struct ingest_layer *layer = ingest->layers; layer; layer = layer->next) {
		r = layer->done ? publish_layer(layer, places, err) : 0;
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ingest->blob_count; i++) {
		r = publish_blob(ingest, places->blobs, ingest->blobs[i].number,
				 ingest->blobs[i].digest, err);
		if (r < 0)
			return r;
	}
	if (fsync(places->layers) < 0 || fsync(places->blobs) < 0)
		return error_errno(err, errno, "write the image to the disk");
	return 0;
}

static int check_present(const struct places *places, const struct image *image,
			 const struct strv *blobs, struct error *err)
{
	for (size_t i = 0; i < image->diff_ids.n; i++)
		if (faccessat(places->layers, digest_hex(image->diff_ids.v[i]), F_OK,
			      AT_SYMLINK_NOFOLLOW) < 0)
			return error_set(err, ERROR_CORRUPT,
					 "publish image %.12s: its layer %.12s is missing",
					 digest_hex(image->id), digest_hex(image->diff_ids.v[i]));
	for (size_t i = 0; i < blobs->n; i++)
		if (faccessat(places->blobs, digest_hex(blobs->v[i]), F_OK, AT_SYMLINK_NOFOLLOW) <
		    0)
			return error_set(err, ERROR_CORRUPT,
					 "publish image %.12s: its blob %.12s is missing",
					 digest_hex(image->id), digest_hex(blobs->v[i]));
	return 0;
}

static void copy_image(struct image *to, const struct image *from)
{
	*to = *from;
	to->os = mem_strdup(from->os);
	to->architecture = mem_strdup(from->architecture);
	to->variant = mem_strdup(from->variant);
	to->author = mem_strdup(from->author);
	to->user = mem_strdup(from->user);
	to->working_dir = mem_strdup(from->working_dir);
	to->stop_signal = mem_strdup(from->stop_signal);
	to->diff_ids = to->references = to->env = to->entrypoint = to->cmd = (struct strv) {0};
	to->exposed_ports = to->volumes = to->labels = (struct strv) {0};
	strv_copy(&to->diff_ids, &from->diff_ids);
	strv_copy(&to->env, &from->env);
	strv_copy(&to->entrypoint, &from->entrypoint);
	strv_copy(&to->cmd, &from->cmd);
	strv_copy(&to->exposed_ports, &from->exposed_ports);
	strv_copy(&to->volumes, &from->volumes);
	strv_copy(&to->labels, &from->labels);
}

static void make_record(const struct ingest_image *request, int layers, struct image_record *record)
{
	copy_image(&record->image, request->image);
	(void)snprintf(record->image.manifest, DIGEST_TEXT_SIZE, "%s", request->manifest);
	record->image.size = 0;
	for (size_t i = 0; i < record->image.diff_ids.n; i++)
		record->image.size += layer_size(layers, record->image.diff_ids.v[i]);
}

/* An image that is here already keeps its names, and its other manifests. 1 if it is, 0 if not. */
static int keep_known(const struct root *root, struct image_record *record, struct error *err)
{
	auto_image_record old = {0};
	auto_error why = {0};
	int r;

	r = image_record_read(root, record->image.id, &old, &why);
	if (r < 0 && why.kind == ERROR_NOT_FOUND)
		return 0;
	if (r < 0 && why.kind == ERROR_CORRUPT)
		r = image_record_salvage(root, record->image.id, &old, err);
	else if (r < 0)
		return error_move(err, &why);
	if (r < 0)
		return r;
	strv_copy(&record->image.references, &old.image.references);
	for (size_t i = 0; i < old.manifest_count; i++)
		image_record_add_manifest(record, old.manifests[i].digest,
					  old.manifests[i].media_type, old.manifests[i].size,
					  &old.manifests[i].blobs);
	return 1;
}

/* The record, then the name. Whoever dies or fails in between leaves no image without a name. */
static int name_image(struct ingest *ingest, const struct reference *ref,
		      struct image_record *record, bool is_new, bool *ret_new, struct error *err)
{
	int r = is_new ? ingest_announce(ingest, record->image.id, err) : 0;

	if (r == 0)
		r = reference_point(ingest->root, ref, record, ret_new, err);
	if (r < 0 && is_new)
		(void)!image_record_take_back(ingest->root, record->image.id, NULL);
	return r;
}

int ingest_commit(struct ingest *ingest, const struct ingest_image *request, bool *ret_new,
		  struct error *err)
{
	CLEANUP(places_release) struct places places = {-EBADF, -EBADF};
	auto_reference ref = {0};
	auto_image_record record = {0};
	auto_fd int lock = -EBADF;
	bool is_new;
	int r = 0;

	if (request->reference)
		r = reference_parse(request->reference, &ref, err);
	if (r < 0)
		return r;
	lock = store_lock(ingest->root, err);
	if (lock < 0)
		return lock;
	places.layers = root_dir_open(ingest->root, "layers", err);
	if (places.layers < 0)
		return places.layers;
	places.blobs = root_dir_open(ingest->root, BLOBS, err);
	if (places.blobs < 0)
		return places.blobs;
	r = publish(ingest, &places, err);
	if (r < 0)
		return r;
	make_record(request, places.layers, &record);
	r = check_present(&places, &record.image, request->layers, err);
	if (r == 0)
		r = keep_known(ingest->root, &record, err);
	if (r < 0)
		return r;
	is_new = r == 0;
	image_record_add_manifest(&record, request->manifest, request->manifest_type,
				  request->manifest_size, request->layers);
	if (request->reference)
		return name_image(ingest, &ref, &record, is_new, ret_new, err);
	if (ret_new)
		*ret_new = true;
	return image_record_write(ingest->root, &record, err);
}
