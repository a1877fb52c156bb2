/*
 * One layer on its way in: two workers and a pipe between them.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "spec/image-manifest.h"
#include "store/ingest-internal.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)

/* What the bytes turned out to be, by enum compression. */
static const char *const found_types[] = {
	[COMPRESSION_NONE] = "application/vnd.oci.image.layer.v1.tar",
	[COMPRESSION_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
	[COMPRESSION_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
};

/* Docker's media types say gzip for plain tars as well, and everybody looks. */
static const char *compression_of(enum media_type type)
{
	switch (type) {
	case MEDIA_OCI_LAYER:
	case MEDIA_OCI_FOREIGN:
		return "none";
	case MEDIA_OCI_LAYER_GZIP:
	case MEDIA_OCI_FOREIGN_GZIP:
		return "gzip";
	case MEDIA_OCI_LAYER_ZSTD:
	case MEDIA_OCI_FOREIGN_ZSTD:
		return "zstd";
	default:
		return media_type_is_layer(type) ? "auto" : NULL;
	}
}

static int choose_compression(struct ingest_layer *layer, const char *media_type, struct error *err)
{
	const char *found = media_type ? compression_of(media_type_parse(media_type)) : "auto";

	if (!found)
		return error_set(err, ERROR_UNSUPPORTED, "layers of type %s are not supported",
				 media_type);
	(void)snprintf(layer->compression, sizeof(layer->compression), "%s", found);
	return 0;
}

static const char *layer_label(const struct ingest_layer *layer)
{
	if (layer->digest[0])
		return digest_hex(layer->digest);
	return layer->diff_id[0] ? digest_hex(layer->diff_id) : "of the archive";
}

static int watch(struct ingest_layer *layer, int fd, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(layer->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_errno(err, errno, "watch a worker");
	return 0;
}

static int start_unpack(struct ingest_layer *layer, const struct ingest_layer_request *request,
			int records, struct error *err)
{
	auto_free char *offset = NULL, *left = NULL;
	auto_fd int blob = -EBADF;
	uint64_t most = request->size == INGEST_SIZE_UNKNOWN ? INT64_MAX : request->size;
	char *args[] = {(char *)(uintptr_t) "layer", layer->compression, NULL, NULL, NULL};
	int r;

	offset = request->ranged ? mem_printf("%llu", (unsigned long long)request->offset)
				 : mem_strdup("-");
	left = mem_printf("%llu", (unsigned long long)most);
	args[2] = offset;
	args[3] = left;
	blob = ingest_blob_create(layer->ingest, layer->number, err);
	if (blob < 0)
		return blob;
	r = worker_start(WORKER_UNPACK, args, (int[]) {request->source_fd, blob, records}, 3,
			 &layer->unpack, err);
	return r < 0 ? r : watch(layer, layer->unpack.control, err);
}

static int start_apply(struct ingest_layer *layer, int records, struct error *err)
{
	auto_free char *name = ingest_layer_name(layer->number);
	char *const args[] = {(char *)(uintptr_t) "layer", NULL};
	auto_fd int folder = -EBADF;
	int r;

	/* An image whose layers say nothing of their root gets this. */
	if (mkdirat(layer->ingest->staging, name, 0755) < 0)
		return error_errno(err, errno, "create a layer in %s/staging",
				   layer->ingest->root->dir);
	folder = openat(layer->ingest->staging, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || fchmod(folder, 0755) < 0)
		return error_errno(err, errno, "create a layer in %s/staging",
				   layer->ingest->root->dir);
	r = worker_start(WORKER_APPLY, args, (int[]) {records, folder}, 2, &layer->apply, err);
	return r < 0 ? r : watch(layer, layer->apply.control, err);
}

static int start_workers(struct ingest_layer *layer, const struct ingest_layer_request *request,
			 struct error *err)
{
	auto_fd int from = -EBADF, to = -EBADF;
	int ends[2], r;

	layer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (layer->epoll_fd < 0)
		return error_errno(err, errno, "watch workers");
	if (!layer->applying) {
		to = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return to < 0 ? error_errno(err, errno, "open /dev/null")
			      : start_unpack(layer, request, to, err);
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "make a pipe");
	from = ends[0];
	to = ends[1];
	/* Fewer changes between the two; less will do where it is refused. */
	(void)fcntl(to, F_SETPIPE_SZ, PIPE_SIZE);
	r = start_apply(layer, from, err);
	return r < 0 ? r : start_unpack(layer, request, to, err);
}

int ingest_layer_start(struct ingest *ingest, const struct ingest_layer_request *request,
		       struct ingest_layer **ret, struct error *err)
{
	struct ingest_layer *layer = mem_new(struct ingest_layer);
	int r;

	layer->ingest = ingest;
	layer->number = ingest->count++;
	layer->unpack = layer->apply = WORKER_NONE;
	layer->epoll_fd = -EBADF;
	layer->size = request->size;
	layer->next = ingest->layers;
	ingest->layers = layer;
	if (request->digest)
		(void)memcpy(layer->digest, request->digest, DIGEST_TEXT_SIZE);
	if (request->diff_id)
		(void)memcpy(layer->diff_id, request->diff_id, DIGEST_TEXT_SIZE);
	r = ingest_layer_present(ingest, NULL, request->diff_id, err);
	if (r < 0)
		return r;
	layer->applying =
		!request->diff_id || !strv_contains(&ingest->held_layers, request->diff_id);
	r = choose_compression(layer, request->media_type, err);
	if (r == 0)
		r = start_workers(layer, request, err);
	if (r < 0)
		return error_prefix(err, "take in layer %.12s", layer_label(layer));
	*ret = layer;
	return 0;
}

void ingest_layer_release(struct ingest_layer *layer)
{
	worker_release(&layer->unpack);
	worker_release(&layer->apply);
	layer->epoll_fd = fd_close(layer->epoll_fd);
	free(layer);
}

static int check_unpacked(struct ingest_layer *layer, struct error *err)
{
	struct layer_unpacked *said = &layer->unpacked;
	struct ingest_layer_result *result = &layer->result;

	if (said->digest[DIGEST_TEXT_SIZE - 1] || said->diff_id[DIGEST_TEXT_SIZE - 1] ||
	    !digest_valid(said->digest) || !digest_valid(said->diff_id) ||
	    said->compression >= ARRAY_SIZE(found_types))
		return error_set(err, ERROR_SYSTEM, "kist-worker unpack gave no digest");
	if (layer->size != INGEST_SIZE_UNKNOWN && said->size != layer->size)
		return error_set(err, ERROR_CORRUPT,
				 "it should have %llu bytes but has %llu: it was cut short",
				 (unsigned long long)layer->size, (unsigned long long)said->size);
	if (layer->digest[0] && !STREQ(layer->digest, said->digest))
		return error_set(err, ERROR_CORRUPT, "it should have the digest %s but has %s",
				 layer->digest, said->digest);
	if (layer->diff_id[0] && !STREQ(layer->diff_id, said->diff_id))
		return error_set(err, ERROR_CORRUPT,
				 "unpacked it should have the digest %s but has %s", layer->diff_id,
				 said->diff_id);
	*result = (struct ingest_layer_result) {
		.size = said->size, .tar_size = said->tar_size, .file_size = said->file_size};
	(void)memcpy(result->digest, said->digest, DIGEST_TEXT_SIZE);
	(void)memcpy(result->diff_id, said->diff_id, DIGEST_TEXT_SIZE);
	(void)snprintf(result->media_type, sizeof(result->media_type), "%s",
		       found_types[said->compression]);
	return 0;
}

/* One message of one worker. 1: there was one; 0: none now. */
static int take_message(struct ingest_layer *layer, struct worker *worker, bool wait,
			struct error *err)
{
	auto_free struct imsg *message = mem_alloc(sizeof(*message));
	int r;

	r = worker_receive(worker, wait, message, err);
	if (r <= 0)
		return r;
	if (worker == &layer->unpack && message->type == WORKER_PROGRESS &&
	    message->len == sizeof(layer->progress)) {
		(void)memcpy(&layer->progress, message->data, sizeof(layer->progress));
		return 1;
	}
	if (worker == &layer->unpack && message->type == WORKER_DONE &&
	    message->len == sizeof(layer->unpacked)) {
		(void)memcpy(&layer->unpacked, message->data, sizeof(layer->unpacked));
		layer->unpack_done = true;
		layer->unpack.control = fd_close(layer->unpack.control);
		return 1;
	}
	if (worker == &layer->apply && message->type == WORKER_DONE &&
	    message->len == sizeof(struct layer_applied)) {
		layer->apply_done = true;
		layer->apply.control = fd_close(layer->apply.control);
		return 1;
	}
	return error_set(err, ERROR_SYSTEM, "a worker sent a message that makes no sense");
}

static int take_all(struct ingest_layer *layer, struct worker *worker, const bool *done,
		    struct error *err)
{
	int r = 1;

	while (!*done && r == 1)
		r = take_message(layer, worker, false, err);
	return r < 0 ? r : 0;
}

/*
 * One of the two has failed. When all that it has to say is that the other is gone
 * (ERROR_UNAVAILABLE), the other's last words are the reason.
 */
static int tell_failure(struct ingest_layer *layer, struct worker *failed, struct error *why,
			struct error *err)
{
	struct worker *other = failed == &layer->unpack ? &layer->apply : &layer->unpack;
	auto_error last = {0};
	int r = 1;

	layer->failed = true;
	if (why->kind == ERROR_UNAVAILABLE && other->control >= 0)
		while (r == 1 && other->control >= 0)
			r = take_message(layer, other, true, &last);
	worker_release(&layer->unpack);
	worker_release(&layer->apply);
	if (last.kind != ERROR_NONE && last.kind != ERROR_UNAVAILABLE) {
		error_release(why);
		*why = last;
		last = (struct error) {0};
	}
	(void)error_prefix(why, "take in layer %.12s", layer_label(layer));
	return error_move(err, why);
}

int ingest_layer_advance(struct ingest_layer *layer, struct error *err)
{
	auto_error why = {0};

	if (layer->done)
		return 1;
	if (layer->failed)
		return error_set(err, ERROR_SYSTEM, "take in layer %.12s: it failed before",
				 layer_label(layer));
	if (take_all(layer, &layer->unpack, &layer->unpack_done, &why) < 0)
		return tell_failure(layer, &layer->unpack, &why, err);
	if (layer->applying && take_all(layer, &layer->apply, &layer->apply_done, &why) < 0)
		return tell_failure(layer, &layer->apply, &why, err);
	if (!layer->unpack_done || (layer->applying && !layer->apply_done))
		return 0;
	if (check_unpacked(layer, &why) < 0)
		return tell_failure(layer, &layer->unpack, &why, err);
	layer->progress = layer->unpacked.size;
	layer->done = true;
	return 1;
}

int ingest_layer_wait(struct ingest_layer *layer, struct error *err)
{
	struct epoll_event event;
	int r;

	for (;;) {
		r = ingest_layer_advance(layer, err);
		if (r != 0)
			return r < 0 ? r : 0;
		if (epoll_wait(layer->epoll_fd, &event, 1, -1) < 0 && errno != EINTR)
			return error_errno(err, errno, "wait for workers");
	}
}

int ingest_layer_fd(const struct ingest_layer *layer)
{
	return layer->epoll_fd;
}

uint64_t ingest_layer_progress(const struct ingest_layer *layer)
{
	return layer->progress;
}

const struct ingest_layer_result *ingest_layer_result(const struct ingest_layer *layer)
{
	return &layer->result;
}
