/*
 * Removing what nobody needs any more, and what dead operations left.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "io/atomic-file.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BLOBS	      "images/blobs/sha256"
#define STAGING	      "staging"
#define INTENT_MAX    (1u << 20)
#define SIZE_MAX_TEXT 32
#define DYING_TIME    (2 * TIME_SECOND)
#define DYING_PAUSE   5000000L

/* What is still needed of two lists. */
struct needs {
	const struct root *root;
	struct strv layers, blobs;
	struct error *err; /* of whoever asks */
};

static void needs_release(struct needs *needs)
{
	strv_release(&needs->layers);
	strv_release(&needs->blobs);
}

static void drop(struct strv *list, const char *item)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!STREQ(list->v[i], item))
			continue;
		mem_freep(&list->v[i]);
		list->v[i] = list->v[--list->n];
		list->v[list->n] = NULL;
		return;
	}
}

/* Takes from the lists what this image needs. */
static int spare_record(const char *id, void *arg)
{
	struct needs *left = arg;
	auto_image_record record = {0};
	auto_strv blobs = {0};
	auto_error why = {0};
	int r = image_record_read(left->root, id, &record, &why);

	/* A damaged record may need anything. */
	if (r < 0 && why.kind == ERROR_CORRUPT) {
		strv_release(&left->layers);
		strv_release(&left->blobs);
		return 1;
	}
	if (r < 0)
		return error_move(left->err, &why);
	for (size_t i = 0; i < record.image.diff_ids.n; i++)
		drop(&left->layers, record.image.diff_ids.v[i]);
	drop(&left->blobs, record.image.id);
	for (size_t i = 0; i < record.manifest_count; i++)
		image_record_manifest_blobs(&record.manifests[i], &blobs);
	for (size_t i = 0; i < blobs.n; i++)
		drop(&left->blobs, blobs.v[i]);
	return left->layers.n == 0 && left->blobs.n == 0;
}

static void spare_list(struct strv *left, const struct json *list)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (json_string(json_at(list, i)))
			drop(left, json_string(json_at(list, i)));
}

char *store_intent_text(const struct strv *layers, const struct strv *blobs, const char *image)
{
	struct str text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_strings(&w, "layers", strv_argv(layers));
	json_write_strings(&w, "blobs", strv_argv(blobs));
	if (image)
		json_write_string(&w, "image", image);
	json_end(&w);
	return str_take(&text);
}

/* Operations under way write down what they rely on. */
static int spare_intents(struct needs *left, const char *except, struct error *err)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = root_dir_open(left->root, "intents", err);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list %s/intents", left->root->dir);
	}
	while ((entry = readdir(dir))) {
		auto_free char *text = NULL;
		auto_json *json = NULL;
		size_t len;

		if (entry->d_name[0] == '.' || (except && STREQ(entry->d_name, except)) ||
		    atomic_read(dirfd(dir), entry->d_name, INTENT_MAX, &text, &len) < 0 ||
		    json_parse(text, strlen(text), &json, NULL) < 0)
			continue;
		spare_list(&left->layers, json_get(json, "layers"));
		spare_list(&left->blobs, json_get(json, "blobs"));
	}
	(void)closedir(dir);
	return 0;
}

static int remove_layer(const struct root *root, int layers, const char *diff_id, struct error *err)
{
	auto_free char *size = mem_printf("%s.size", digest_hex(diff_id));
	auto_free char *doomed = mem_printf("removed-%s", digest_hex(diff_id));
	auto_fd int staging = -EBADF;
	int r, emptied = 0;

	staging = root_dir_open(root, STAGING, err);
	if (staging < 0)
		return staging;
	/* Out of sight in one step: half a layer is never where a whole one is looked for. */
	r = tree_remove(staging, doomed);
	if (r == 0 && renameat(layers, digest_hex(diff_id), staging, doomed) == 0)
		r = 1;
	else if (r == 0 && errno != ENOENT)
		r = -errno;
	if (r >= 0 && unlinkat(layers, size, 0) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 1)
		emptied = tree_remove(staging, doomed);
	if (emptied < 0)
		r = emptied;
	return r < 0 ? error_errno(err, r, "remove layer %.12s", digest_hex(diff_id)) : r;
}

static int remove_left(const struct needs *left, struct strv *gone, struct error *err)
{
	auto_fd int layers = -EBADF, blobs = -EBADF;
	int r;

	layers = root_dir_open(left->root, "layers", err);
	if (layers < 0)
		return layers;
	blobs = root_dir_open(left->root, BLOBS, err);
	if (blobs < 0)
		return blobs;
	for (size_t i = 0; i < left->layers.n; i++) {
		r = remove_layer(left->root, layers, left->layers.v[i], err);
		if (r < 0)
			return r;
		if (r == 1 && gone)
			strv_add(gone, left->layers.v[i]);
	}
	for (size_t i = 0; i < left->blobs.n; i++)
		if (unlinkat(blobs, digest_hex(left->blobs.v[i]), 0) < 0 && errno != ENOENT)
			return error_errno(err, errno, "remove blob %.12s",
					   digest_hex(left->blobs.v[i]));
	return 0;
}

int store_collect(const struct root *root, const struct strv *layers, const struct strv *blobs,
		  const char *except, struct strv *gone, struct error *err)
{
	CLEANUP(needs_release) struct needs left = {.root = root, .err = err};
	int r;

	strv_copy(&left.layers, layers);
	strv_copy(&left.blobs, blobs);
	r = spare_intents(&left, except, err);
	if (r == 0)
		r = image_record_each(root, spare_record, &left, err);
	return r < 0 ? r : remove_left(&left, gone, err);
}

static int list_digests(const struct root *root, const char *folder, struct strv *ret,
			struct error *err)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = root_dir_open(root, folder, err);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list %s/%s", root->dir, folder);
	}
	while ((entry = readdir(dir)))
		if (parse_is_hex(entry->d_name, DIGEST_HEX))
			strv_add_format(ret, "sha256:%s", entry->d_name);
	(void)closedir(dir);
	return 0;
}

int store_list_all(const struct root *root, struct strv *ret_layers, struct strv *ret_blobs,
		   struct error *err)
{
	int r = list_digests(root, "layers", ret_layers, err);

	return r < 0 ? r : list_digests(root, BLOBS, ret_blobs, err);
}

int store_collect_begin(const struct root *root, const char *image, const struct strv *layers,
			const struct strv *blobs, struct intent *ret, struct error *err)
{
	auto_free char *text = store_intent_text(layers, blobs, image);
	char id[2 * sizeof(uint64_t) + 1];
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_errno(err, errno, "get a random number");
	(void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)random);
	return intent_begin(root, "collect", id, text, ret, err);
}

int store_collect_end(const struct root *root, const struct strv *layers, const struct strv *blobs,
		      struct intent *intent, struct strv *gone, struct error *err)
{
	int r = store_collect(root, layers, blobs, intent->name, gone, err);

	if (r == 0)
		intent_end(intent);
	return r;
}

uint64_t layer_size(int layers_fd, const char *diff_id)
{
	auto_free char *name = mem_printf("%s.size", digest_hex(diff_id));
	auto_free char *text = NULL;
	uint64_t size;
	size_t len;

	if (atomic_read(layers_fd, name, SIZE_MAX_TEXT, &text, &len) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, &size) < 0 ? 0 : size;
}

static void add_digests(struct strv *to, const struct json *list)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *item = json_string(json_at(list, i));

		if (digest_valid(item))
			strv_add(to, item);
	}
}

/* Records and references that were being written; the lock keeps living writers out. */
static int sweep(const struct root *root, struct error *err)
{
	static const char *const folders[] = {"images", "images/records", "images/refs", "layers"};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		auto_fd int fd = root_dir_open(root, folders[i], err);

		if (fd < 0)
			return fd;
		r = atomic_sweep(fd);
		if (r < 0)
			return error_errno(err, r, "tidy %s/%s", root->dir, folders[i]);
	}
	return 0;
}

/* The workers of a dead operation die with it, but not in the same instant: while one finishes its
 * system call it may still put a file where we have just looked. */
static int remove_staging(int staging, const char *name)
{
	const int64_t end = time_monotonic() + DYING_TIME;
	const struct timespec pause = {.tv_nsec = DYING_PAUSE};
	int r;

	while ((r = tree_remove(staging, name)) == -ENOTEMPTY && time_monotonic() < end)
		(void)nanosleep(&pause, NULL);
	return r;
}

int store_recover(const struct root *root, const char *what, const char *id, const char *text,
		  struct error *err)
{
	auto_free char *name = mem_printf("%s-%s", what, id);
	auto_strv layers = {0}, blobs = {0};
	auto_fd int staging = -EBADF, lock = -EBADF;
	auto_json *json = NULL;
	const char *image;
	int r;

	staging = root_dir_open(root, STAGING, err);
	if (staging < 0)
		return staging;
	r = remove_staging(staging, name);
	if (r < 0)
		return error_errno(err, r, "remove %s/" STAGING "/%s", root->dir, name);
	lock = store_lock(root, err);
	if (lock < 0)
		return lock;
	r = sweep(root, err);
	/* Nothing was published yet if it died before it could say what. */
	if (r < 0 || json_parse(text, strlen(text), &json, NULL) < 0)
		return r;
	add_digests(&layers, json_get(json, "layers"));
	add_digests(&blobs, json_get(json, "blobs"));
	image = json_get_string(json, "image");
	if (image && digest_valid(image))
		r = image_record_take_back(root, image, err);
	return r < 0 ? r : store_collect(root, &layers, &blobs, name, NULL, err);
}
