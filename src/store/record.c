/*
 * The record of an image: one JSON file, images/records/<hex of the id>.json.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "io/atomic-file.h"
#include "spec/image-config.h"
#include "store/image-convert.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS "images/records"

void image_release(struct image *image)
{
	struct strv *lists[] = {&image->diff_ids,   &image->references, &image->env,
				&image->entrypoint, &image->cmd,	&image->exposed_ports,
				&image->volumes,    &image->labels};
	char *texts[] = {image->os,   image->architecture, image->variant,    image->author,
			 image->user, image->working_dir,  image->stop_signal};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_release(lists[i]);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	*image = (struct image) {0};
}

void image_record_release(struct image_record *record)
{
	image_release(&record->image);
	for (size_t i = 0; i < record->manifest_count; i++) {
		free(record->manifests[i].media_type);
		strv_release(&record->manifests[i].blobs);
	}
	free(record->manifests);
	*record = (struct image_record) {0};
}

const struct image_record_manifest *image_record_manifest_find(const struct image_record *record,
							       const char *digest)
{
	for (size_t i = 0; i < record->manifest_count; i++)
		if (STREQ(record->manifests[i].digest, digest))
			return &record->manifests[i];
	return NULL;
}

void image_record_manifest_blobs(const struct image_record_manifest *manifest, struct strv *blobs)
{
	strv_add(blobs, manifest->digest);
	for (size_t i = 0; i < manifest->blobs.n; i++)
		strv_add(blobs, manifest->blobs.v[i]);
}

static void drop_manifest(struct image_record *record, size_t index)
{
	free(record->manifests[index].media_type);
	strv_release(&record->manifests[index].blobs);
	(void)memmove(&record->manifests[index], &record->manifests[index + 1],
		      (record->manifest_count - index - 1) * sizeof(*record->manifests));
	record->manifest_count--;
}

void image_record_add_manifest(struct image_record *record, const char *digest,
			       const char *media_type, uint64_t size, const struct strv *blobs)
{
	struct image_record_manifest *manifest;

	for (size_t i = 0; i < record->manifest_count; i++) {
		if (STREQ(record->manifests[i].digest, digest)) {
			drop_manifest(record, i);
			break;
		}
	}
	record->manifests = mem_resize(record->manifests,
				       (record->manifest_count + 1) * sizeof(*record->manifests));
	manifest = &record->manifests[record->manifest_count++];
	*manifest =
		(struct image_record_manifest) {.media_type = mem_strdup(media_type), .size = size};
	(void)memcpy(manifest->digest, digest, DIGEST_TEXT_SIZE);
	strv_copy(&manifest->blobs, blobs);
}

int image_record_prune(const struct root *root, struct image_record *record, struct error *err)
{
	auto_strv used = {0}, blobs = {0}, none = {0};
	auto_intent intent = {0};
	int r;

	for (size_t i = 0; i < record->image.references.n; i++) {
		char image[DIGEST_TEXT_SIZE], manifest[DIGEST_TEXT_SIZE];
		auto_reference ref = {0};

		r = reference_parse(record->image.references.v[i], &ref, err);
		if (r == 0)
			r = reference_read(root, &ref, image, manifest, err);
		if (r < 0)
			return r;
		if (r == 1 && STREQ(image, record->image.id))
			strv_add(&used, manifest);
	}
	for (size_t i = 0; used.n > 0 && i < record->manifest_count;) {
		if (strv_contains(&used, record->manifests[i].digest)) {
			i++;
			continue;
		}
		image_record_manifest_blobs(&record->manifests[i], &blobs);
		drop_manifest(record, i);
	}
	if (blobs.n == 0)
		return 0;
	r = store_collect_begin(root, NULL, &none, &blobs, &intent, err);
	if (r == 0)
		r = image_record_write(root, record, err);
	return r < 0 ? r : store_collect_end(root, &none, &blobs, &intent, NULL, err);
}

void image_from_config(struct image *image, struct image_config *config)
{
	*image = (struct image) {
		.os = config->os,
		.architecture = config->architecture,
		.variant = config->variant,
		.author = config->author,
		.created = config->created,
		.diff_ids = config->diff_ids,
		.env = config->env,
		.entrypoint = config->entrypoint,
		.cmd = config->cmd,
		.exposed_ports = config->exposed_ports,
		.volumes = config->volumes,
		.labels = config->labels,
		.user = config->user,
		.working_dir = config->working_dir,
		.stop_signal = config->stop_signal,
	};
	*config = (struct image_config) {0};
}

/* Borrows everything from @image; not to be released. */
static struct image_config config_of(const struct image *image)
{
	return (struct image_config) {
		.os = image->os,
		.architecture = image->architecture,
		.variant = image->variant,
		.author = image->author,
		.created = image->created,
		.diff_ids = image->diff_ids,
		.env = image->env,
		.entrypoint = image->entrypoint,
		.cmd = image->cmd,
		.exposed_ports = image->exposed_ports,
		.volumes = image->volumes,
		.labels = image->labels,
		.user = image->user,
		.working_dir = image->working_dir,
		.stop_signal = image->stop_signal,
	};
}

static int read_strings(const struct json *object, const char *key, bool digests, struct strv *ret)
{
	const struct json *list = json_get(object, key);

	if (!json_is(list, JSON_ARRAY))
		return -EBADMSG;
	for (size_t i = 0; i < json_count(list); i++) {
		const char *item = json_string(json_at(list, i));

		if (!item || (digests && !digest_valid(item)))
			return -EBADMSG;
		strv_add(ret, item);
	}
	return 0;
}

static int read_manifest(const struct json *json, struct image_record *record)
{
	const char *digest = json_get_string(json, "digest");
	const char *type = json_get_string(json, "mediaType");
	auto_strv blobs = {0};
	uint64_t size;

	if (!digest_valid(digest) || !type || json_u64(json_get(json, "size"), &size) < 0 ||
	    read_strings(json, "layers", true, &blobs) < 0)
		return -EBADMSG;
	image_record_add_manifest(record, digest, type, size, &blobs);
	return 0;
}

static int read_manifests(const struct json *list, struct image_record *record)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (read_manifest(json_at(list, i), record) < 0)
			return -EBADMSG;
	return record->manifest_count > 0 ? 0 : -EBADMSG;
}

static int read_fields(const struct json *json, const char *id, struct image_record *record,
		       struct error *err)
{
	auto_image_config config = {0};
	int r;

	r = image_config_read(json, &config, err);
	if (r < 0)
		return r;
	image_from_config(&record->image, &config);
	if (read_manifests(json_get(json, "manifests"), record) < 0 ||
	    json_u64(json_get(json, "size"), &record->image.size) < 0 ||
	    read_strings(json, "references", false, &record->image.references) < 0)
		return error_set(err, ERROR_CORRUPT, "read image record: a field is damaged");
	(void)memcpy(record->image.id, id, DIGEST_TEXT_SIZE);
	(void)memcpy(record->image.manifest, record->manifests[record->manifest_count - 1].digest,
		     DIGEST_TEXT_SIZE);
	return 0;
}

/* A name in the record counts only while its own file says the same. */
static int keep_true_references(const struct root *root, struct image_record *record,
				struct error *err)
{
	auto_strv names = {0};

	for (size_t i = 0; i < record->image.references.n; i++) {
		char image[DIGEST_TEXT_SIZE];
		auto_reference ref = {0};
		auto_error why = {0};
		int r;

		if (reference_parse(record->image.references.v[i], &ref, NULL) < 0)
			continue;
		r = reference_read(root, &ref, image, NULL, &why);
		if (r < 0 && why.kind != ERROR_CORRUPT)
			return error_move(err, &why);
		if (r == 1 && STREQ(image, record->image.id))
			strv_add(&names, record->image.references.v[i]);
	}
	record->unconfirmed = names.n == 0 && record->image.references.n > 0;
	strv_release(&record->image.references);
	record->image.references = names;
	names = (struct strv) {0};
	return 0;
}

static int damaged(const struct root *root, const char *id, const char *why, struct error *err)
{
	const char *hex = digest_hex(id);

	return error_set(err, ERROR_CORRUPT,
			 "image %.12s: its record %s/" RECORDS "/%s.json is damaged (%s): remove "
			 "the image with kist rmi %.12s and pull it again",
			 hex, root->dir, hex, why, hex);
}

struct salvage {
	const struct root *root;
	struct image_record *record;
};

static int salvage_reference(const struct reference *ref, void *arg)
{
	struct salvage *salvage = arg;
	auto_free char *full = reference_full(ref);
	char image[DIGEST_TEXT_SIZE];

	if (reference_read(salvage->root, ref, image, NULL, NULL) == 1 &&
	    STREQ(image, salvage->record->image.id))
		strv_add(&salvage->record->image.references, full);
	return 0;
}

int image_record_salvage(const struct root *root, const char *id, struct image_record *ret,
			 struct error *err)
{
	auto_image_record record = {0};
	struct salvage salvage = {root, &record};
	int r;

	(void)memcpy(record.image.id, id, DIGEST_TEXT_SIZE);
	r = reference_each(root, salvage_reference, &salvage, err);
	if (r < 0)
		return r;
	*ret = record;
	record = (struct image_record) {0};
	return 0;
}

int image_record_read(const struct root *root, const char *id, struct image_record *ret,
		      struct error *err)
{
	auto_free char *name = mem_printf("%s.json", digest_hex(id));
	auto_image_record record = {0};
	auto_free char *text = NULL;
	auto_json *json = NULL;
	auto_error why = {0};
	auto_fd int dir = -EBADF;
	size_t len;
	int r;

	dir = root_dir_open(root, RECORDS, err);
	if (dir < 0)
		return dir;
	r = atomic_read(dir, name, STORE_RECORD_MAX, &text, &len);
	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "No such image: %s", id);
	if (r < 0)
		return error_errno(err, r, "read %s/" RECORDS "/%s", root->dir, name);
	if (json_parse(text, len, &json, NULL) < 0)
		return damaged(root, id, "not JSON", err);
	r = read_fields(json, id, &record, &why);
	if (r < 0)
		return damaged(root, id, why.message, err);
	r = keep_true_references(root, &record, err);
	if (r < 0)
		return r;
	*ret = record;
	record = (struct image_record) {0};
	return 0;
}

static void write_manifests(struct json_writer *w, const struct image_record *record)
{
	json_array_begin(w, "manifests");
	for (size_t i = 0; i < record->manifest_count; i++) {
		const struct image_record_manifest *manifest = &record->manifests[i];

		json_object_begin(w, NULL);
		json_write_string(w, "digest", manifest->digest);
		json_write_string(w, "mediaType", manifest->media_type);
		json_write_u64(w, "size", manifest->size);
		json_write_strings(w, "layers", strv_argv(&manifest->blobs));
		json_end(w);
	}
	json_end(w);
}

int image_record_write(const struct root *root, const struct image_record *record,
		       struct error *err)
{
	auto_free char *name = mem_printf("%s.json", digest_hex(record->image.id));
	struct image_config config = config_of(&record->image);
	auto_fd int dir = -EBADF;
	auto_str text = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 2);
	json_object_begin(&w, NULL);
	write_manifests(&w, record);
	json_write_u64(&w, "size", record->image.size);
	json_write_strings(&w, "references", strv_argv(&record->image.references));
	image_config_write(&w, &config);
	json_end(&w);
	dir = root_dir_open(root, RECORDS, err);
	if (dir < 0)
		return dir;
	r = atomic_write(dir, name, text.data, text.len, 0600, ATOMIC_SYNC);
	return r < 0 ? error_errno(err, r, "write %s/" RECORDS "/%s", root->dir, name) : 0;
}

int image_record_remove(const struct root *root, const char *id, struct error *err)
{
	auto_free char *name = mem_printf("%s.json", digest_hex(id));
	auto_fd int dir = root_dir_open(root, RECORDS, err);

	if (dir < 0)
		return dir;
	if ((unlinkat(dir, name, 0) < 0 && errno != ENOENT) || fsync(dir) < 0)
		return error_errno(err, errno, "remove image %.12s", digest_hex(id));
	return 0;
}

int image_record_take_back(const struct root *root, const char *id, struct error *err)
{
	auto_image_record record = {0};
	auto_error why = {0};
	int r = image_record_read(root, id, &record, &why);

	if (r < 0)
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_CORRUPT
			       ? 0
			       : error_move(err, &why);
	return record.unconfirmed ? image_record_remove(root, id, err) : 0;
}

int image_record_each(const struct root *root, int (*each)(const char *id, void *arg), void *arg,
		      struct error *err)
{
	struct dirent *entry;
	int fd, r = 0;
	DIR *dir;

	fd = root_dir_open(root, RECORDS, err);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list %s/" RECORDS, root->dir);
	}
	while (r == 0 && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		auto_free char *id = NULL;

		if (len != DIGEST_HEX + strlen(".json") || !str_ends(entry->d_name, ".json"))
			continue;
		id = mem_printf("sha256:%.*s", DIGEST_HEX, entry->d_name);
		if (digest_valid(id))
			r = each(id, arg);
	}
	(void)closedir(dir);
	return r;
}
