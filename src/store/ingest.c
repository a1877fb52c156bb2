#include "store/ingest.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "store/image-convert.h"
#include "store/ingest-internal.h"
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGING "staging"
#define BLOBS	"images/blobs/sha256"

char *ingest_blob_name(unsigned number)
{
	return mem_printf("blob-%u", number);
}

char *ingest_layer_name(unsigned number)
{
	return mem_printf("layer-%u", number);
}

static int update_intent(struct ingest *ingest, struct error *err)
{
	auto_free char *text =
		store_intent_text(&ingest->held_layers, &ingest->held_blobs, ingest->new_image);

	return intent_update(&ingest->intent, text, err);
}

int ingest_announce(struct ingest *ingest, const char *image_id, struct error *err)
{
	ingest->new_image = image_id;
	return update_intent(ingest, err);
}

int ingest_hold(struct ingest *ingest, const char *diff_id, const char *blob, struct error *err)
{
	if (diff_id && !strv_contains(&ingest->held_layers, diff_id))
		strv_add(&ingest->held_layers, diff_id);
	if (blob && !strv_contains(&ingest->held_blobs, blob))
		strv_add(&ingest->held_blobs, blob);
	return update_intent(ingest, err);
}

static int make_staging(struct ingest *ingest, struct error *err)
{
	ingest->staging_all = root_dir_open(ingest->root, STAGING, err);
	if (ingest->staging_all < 0)
		return ingest->staging_all;
	if (mkdirat(ingest->staging_all, ingest->name, 0700) < 0)
		return error_errno(err, errno, "create %s/" STAGING "/%s", ingest->root->dir,
				   ingest->name);
	ingest->staging = openat(ingest->staging_all, ingest->name,
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ingest->staging < 0)
		return error_errno(err, errno, "open %s/" STAGING "/%s", ingest->root->dir,
				   ingest->name);
	return 0;
}

int ingest_begin(const struct root *root, const char *what, struct ingest **ret, struct error *err)
{
	auto_ingest *ingest = mem_new(struct ingest);
	auto_free char *text = NULL, *id = NULL;
	uint64_t random;
	int r;

	ingest->root = root;
	ingest->staging = ingest->staging_all = -EBADF;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_errno(err, errno, "get a random number");
	id = mem_printf("%016llx", (unsigned long long)random);
	ingest->name = mem_printf("%s-%s", what, id);
	text = store_intent_text(&ingest->held_layers, &ingest->held_blobs, NULL);
	r = intent_begin(root, what, id, text, &ingest->intent, err);
	if (r == 0)
		r = make_staging(ingest, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(ingest);
	return 0;
}

static int release_held(struct ingest *ingest)
{
	auto_fd int lock = -EBADF;

	if (ingest->held_layers.n == 0 && ingest->held_blobs.n == 0)
		return 0;
	lock = store_lock(ingest->root, NULL);
	return lock < 0 ? lock
			: store_collect(ingest->root, &ingest->held_layers, &ingest->held_blobs,
					ingest->name, NULL, NULL);
}

void ingest_free(struct ingest *ingest)
{
	int r;

	if (!ingest)
		return;
	while (ingest->layers) {
		struct ingest_layer *layer = ingest->layers;

		ingest->layers = layer->next;
		ingest_layer_release(layer);
	}
	r = release_held(ingest);
	ingest->staging = fd_close(ingest->staging);
	if (ingest->staging_all >= 0 && tree_remove(ingest->staging_all, ingest->name) < 0)
		r = -EIO;
	/* What cannot be removed now stays in the intent, for the next command to try. */
	if (r < 0)
		intent_abandon(&ingest->intent);
	else
		intent_end(&ingest->intent);
	ingest->staging_all = fd_close(ingest->staging_all);
	strv_release(&ingest->held_layers);
	strv_release(&ingest->held_blobs);
	free(ingest->blobs);
	free(ingest->name);
	free(ingest);
}

void ingest_freep(struct ingest **ingest)
{
	ingest_free(*ingest);
	*ingest = NULL;
}

int ingest_blob_create(struct ingest *ingest, unsigned number, struct error *err)
{
	auto_free char *name = ingest_blob_name(number);
	int fd;

	fd = openat(ingest->staging, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return error_errno(err, errno, "create a blob in %s/" STAGING, ingest->root->dir);
	return fd;
}

static void remember_blob(struct ingest *ingest, const char *digest, unsigned number)
{
	struct ingest_blob *blob;

	ingest->blobs =
		mem_resize(ingest->blobs, (ingest->blob_count + 1) * sizeof(*ingest->blobs));
	blob = &ingest->blobs[ingest->blob_count++];
	(void)memcpy(blob->digest, digest, DIGEST_TEXT_SIZE);
	blob->number = number;
}

/* The document as a file without a name: the worker may be slow, or die, without harm to us. */
static int document_fd(const void *data, size_t len)
{
	auto_fd int fd = -EBADF;
	int r;

	fd = memfd_create("document", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_write_full(fd, data, len);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static bool valid_kept(const struct document_kept *kept, size_t len)
{
	return kept->digest[DIGEST_TEXT_SIZE - 1] == '\0' && digest_valid(kept->digest) &&
	       kept->size == len;
}

/* Keeps the document as a blob; with @record as a config, which the worker reads into it. */
static int keep_document(struct ingest *ingest, const void *data, size_t len, const char *digest,
			 struct str *record, struct document_kept *ret, struct error *err)
{
	char *const args[] = {(char *)(uintptr_t)(record ? "config" : "blob"), NULL};
	auto_worker worker = WORKER_NONE;
	auto_fd int source = -EBADF, blob = -EBADF;
	unsigned number = ingest->count++;
	int r;

	if (len > INGEST_DOCUMENT_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "it is longer than 4 MiB");
	source = document_fd(data, len);
	if (source < 0)
		return error_errno(err, source, "pass it to kist-worker");
	blob = ingest_blob_create(ingest, number, err);
	if (blob < 0)
		return blob;
	r = worker_start(WORKER_UNPACK, args, (int[]) {source, blob}, 2, &worker, err);
	if (r < 0)
		return r;
	r = worker_wait(&worker, record, STORE_RECORD_MAX, ret, sizeof(*ret), err);
	if (r < 0)
		return r;
	if (!valid_kept(ret, len))
		return error_set(err, ERROR_SYSTEM, "kist-worker unpack gave no digest");
	if (digest && !STREQ(digest, ret->digest))
		return error_set(err, ERROR_CORRUPT, "it should have the digest %s but has %s",
				 digest, ret->digest);
	remember_blob(ingest, ret->digest, number);
	return 0;
}

int ingest_blob(struct ingest *ingest, const void *data, size_t len, const char *digest,
		char ret_digest[DIGEST_TEXT_SIZE], struct error *err)
{
	struct document_kept kept;
	int r;

	r = keep_document(ingest, data, len, digest, NULL, &kept, err);
	if (r < 0)
		return error_prefix(err, "keep manifest");
	(void)memcpy(ret_digest, kept.digest, DIGEST_TEXT_SIZE);
	return 0;
}

static int read_answer(const struct str *answer, struct image *ret, struct error *err)
{
	auto_image_config config = {0};
	auto_json *json = NULL;
	int r;

	if (json_parse(str_text(answer), answer->len, &json, NULL) < 0)
		return error_set(err, ERROR_SYSTEM,
				 "kist-worker unpack sent a message that makes no sense");
	r = image_config_read(json, &config, err);
	if (r == 0)
		image_from_config(ret, &config);
	return r;
}

int ingest_config(struct ingest *ingest, const void *data, size_t len, const char *digest,
		  struct image *ret, struct error *err)
{
	struct document_kept kept;
	auto_str answer = {0};
	auto_image image = {0};
	int r;

	r = keep_document(ingest, data, len, digest, &answer, &kept, err);
	if (r < 0)
		return error_prefix(err, "keep image config");
	r = read_answer(&answer, &image, err);
	if (r < 0)
		return r;
	(void)memcpy(image.id, kept.digest, DIGEST_TEXT_SIZE);
	*ret = image;
	image = (struct image) {0};
	return 0;
}

/* Whether the store has them. Takes the lock, so that what is there stays once it is held. */
int ingest_layer_present(struct ingest *ingest, const char *digest, const char *diff_id,
			 struct error *err)
{
	auto_fd int lock = -EBADF, layers = -EBADF, blobs = -EBADF;
	bool layer, blob;

	lock = store_lock(ingest->root, err);
	if (lock < 0)
		return lock;
	layers = root_dir_open(ingest->root, "layers", err);
	if (layers < 0)
		return layers;
	blobs = root_dir_open(ingest->root, BLOBS, err);
	if (blobs < 0)
		return blobs;
	layer = diff_id && faccessat(layers, digest_hex(diff_id), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	blob = digest && faccessat(blobs, digest_hex(digest), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (layer || blob) {
		int r = ingest_hold(ingest, layer ? diff_id : NULL, blob ? digest : NULL, err);

		if (r < 0)
			return r;
	}
	return layer && blob;
}
