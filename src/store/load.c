/*
 * Images out of an archive: first kist-worker says what is in it and where, then each image goes
 * through the ingest like one from a registry.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/archive-plan.h"
#include "store/ingest-internal.h"
#include "store/internal.h"
#include "store/manifest-write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Layers taken in side by side; each is two processes. */
#define AT_ONCE 4

struct load {
	struct ingest *ingest;
	int plain; /* has the plain tar; borrowed */
	struct strv *lines;
};

static int read_part(const struct load *load, const struct archive_part *part, char **ret,
		     struct error *err)
{
	auto_free char *data = mem_alloc((size_t)part->size + 1);
	uint64_t at = 0;

	while (at < part->size) {
		ssize_t n = pread(load->plain, data + at, (size_t)(part->size - at),
				  (off_t)(part->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : ENODATA, "read archive");
		at += (uint64_t)n;
	}
	*ret = TAKE_PTR(data);
	return 0;
}

static int start_layer(const struct load *load, const struct archive_part *part,
		       const char *diff_id, struct ingest_layer **ret, struct error *err)
{
	struct ingest_layer_request request = {
		.source_fd = load->plain,
		.offset = part->offset,
		.ranged = true,
		.media_type = part->media_type,
		.digest = part->digest[0] ? part->digest : NULL,
		.diff_id = diff_id,
		.size = part->size,
	};

	return ingest_layer_start(load->ingest, &request, ret, err);
}

/* @layers gets one for each, all complete. */
static int take_layers(const struct load *load, const struct archive_image *image,
		       const struct strv *diff_ids, struct ingest_layer **layers, struct error *err)
{
	size_t started = 0;
	int r = 0;

	if (image->layer_count != diff_ids->n)
		return error_set(err, ERROR_CORRUPT,
				 "the archive has %zu layers where the image config names %zu",
				 image->layer_count, diff_ids->n);
	for (size_t i = 0; i < image->layer_count; i++) {
		for (; started < image->layer_count && started < i + AT_ONCE; started++) {
			r = start_layer(load, &image->layers[started], diff_ids->v[started],
					&layers[started], err);
			if (r < 0)
				return r;
		}
		r = ingest_layer_wait(layers[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The archive's own manifest, or one made from what was taken in. */
static int keep_manifest(const struct load *load, const struct archive_image *plan,
			 const char *config, struct ingest_layer **layers,
			 struct ingest_image *request, char digest[DIGEST_TEXT_SIZE],
			 struct error *err)
{
	auto_free struct manifest_layer *described =
		mem_zero(plan->layer_count + 1, sizeof(*described));
	auto_free char *own = NULL;
	auto_str text = {0};
	int r;

	if (plan->manifest.size > 0) {
		r = read_part(load, &plan->manifest, &own, err);
		if (r < 0)
			return r;
		request->manifest_type = plan->manifest.media_type;
		request->manifest_size = plan->manifest.size;
		return ingest_blob(load->ingest, own, (size_t)plan->manifest.size,
				   plan->manifest.digest, digest, err);
	}
	for (size_t i = 0; i < plan->layer_count; i++) {
		const struct ingest_layer_result *result = ingest_layer_result(layers[i]);

		described[i] = (struct manifest_layer) {.digest = result->digest,
							.media_type = result->media_type,
							.size = result->size};
	}
	manifest_write(&text, config, plan->config.size, described, plan->layer_count);
	request->manifest_type = MANIFEST_TYPE;
	request->manifest_size = text.len;
	return ingest_blob(load->ingest, text.data, text.len, NULL, digest, err);
}

static int commit_names(const struct load *load, const struct archive_image *plan,
			struct ingest_image *request, struct error *err)
{
	int r;

	if (plan->names.n == 0) {
		r = ingest_commit(load->ingest, request, NULL, err);
		if (r == 0)
			strv_add_format(load->lines, "Loaded image ID: %s", request->image->id);
		return r;
	}
	for (size_t i = 0; i < plan->names.n; i++) {
		auto_free char *full = NULL, *shown = NULL;
		auto_reference ref = {0};

		r = reference_parse(plan->names.v[i], &ref, err);
		if (r < 0)
			return error_prefix(err, "name image \"%.200s\"", plan->names.v[i]);
		full = reference_full(&ref);
		shown = reference_familiar(&ref);
		request->reference = full;
		r = ingest_commit(load->ingest, request, NULL, err);
		if (r < 0)
			return r;
		strv_add_format(load->lines, "Loaded image: %s", shown);
	}
	return 0;
}

static int load_image(const struct load *load, const struct archive_image *plan, struct error *err)
{
	auto_free struct ingest_layer **layers = mem_zero(plan->layer_count + 1, sizeof(*layers));
	struct ingest_image request = {0};
	char manifest[DIGEST_TEXT_SIZE];
	auto_free char *config = NULL;
	auto_strv digests = {0};
	auto_image image = {0};
	int r;

	r = read_part(load, &plan->config, &config, err);
	if (r == 0)
		r = ingest_config(load->ingest, config, (size_t)plan->config.size,
				  plan->config.digest[0] ? plan->config.digest : NULL, &image, err);
	if (r == 0)
		r = take_layers(load, plan, &image.diff_ids, layers, err);
	if (r == 0)
		r = keep_manifest(load, plan, image.id, layers, &request, manifest, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->layer_count; i++)
		strv_add(&digests, ingest_layer_result(layers[i])->digest);
	request.image = &image;
	request.manifest = manifest;
	request.layers = &digests;
	return commit_names(load, plan, &request, err);
}

static int find_images(int fd, int spool, struct archive_found *found, struct archive_plan *ret,
		       struct error *err)
{
	char *const args[] = {(char *)(uintptr_t) "archive", NULL};
	auto_worker worker = WORKER_NONE;
	auto_str text = {0};
	int r;

	r = worker_start(WORKER_UNPACK, args, (int[]) {fd, spool}, 2, &worker, err);
	if (r == 0)
		r = worker_wait(&worker, &text, ARCHIVE_PLAN_MAX, found, sizeof(*found), err);
	return r < 0 ? r : archive_plan_read(str_text(&text), text.len, found->bytes, ret, err);
}

static int load_all(const struct root *root, int fd, struct strv *lines, struct error *err)
{
	auto_archive_plan plan = {0};
	struct archive_found found = {0};
	auto_ingest *ingest = NULL;
	auto_fd int spool = -EBADF;
	struct load load;
	int r;

	r = ingest_begin(root, "load", &ingest, err);
	if (r < 0)
		return r;
	spool = ingest_blob_create(ingest, ingest->count++, err);
	if (spool < 0)
		return spool;
	r = find_images(fd, spool, &found, &plan, err);
	load = (struct load) {
		.ingest = ingest, .plain = found.spooled ? spool : fd, .lines = lines};
	for (size_t i = 0; r == 0 && i < plan.count; i++)
		r = load_image(&load, &plan.images[i], err);
	return r;
}

int store_load(const struct root *root, int fd, struct strv *lines, struct error *err)
{
	int r = load_all(root, fd, lines, err);

	return r < 0 ? error_prefix(err, "load image") : 0;
}
