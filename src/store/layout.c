/*
 * The files of references, and of the OCI image layout (image-spec 1.1, image-layout.md) that other
 * tools read.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "io/atomic-file.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define REFS	 "images/refs"
#define REF_MAX	 (64u << 10)
#define LAYOUT	 "{\"imageLayoutVersion\":\"1.0.0\"}"
#define REF_NAME "org.opencontainers.image.ref.name"

struct ref_file {
	char image[DIGEST_TEXT_SIZE], manifest[DIGEST_TEXT_SIZE];
	char *media_type;
	uint64_t size;
};

static void ref_file_release(struct ref_file *file)
{
	mem_freep(&file->media_type);
}
#define auto_ref_file CLEANUP(ref_file_release) struct ref_file

int store_lock(const struct root *root, struct error *err)
{
	auto_fd int dir = -EBADF, fd = -EBADF;
	int r;

	dir = root_dir_open(root, "images", err);
	if (dir < 0)
		return dir;
	fd = openat(dir, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, errno, "open %s/images/.lock", root->dir);
	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return error_errno(err, errno, "lock %s/images", root->dir);
	return TAKE_FD(fd);
}

static char *unescape(const char *name)
{
	char *text = mem_strdup(name);

	for (char *p = text; *p; p++)
		if (*p == '+')
			*p = '/';
	return text;
}

/* 1, 0 if there is no such file. */
static int read_file(const struct root *root, int dir, const char *name, struct ref_file *ret,
		     struct error *err)
{
	const char *image, *manifest, *type;
	auto_free char *text = NULL, *full = unescape(name);
	auto_json *json = NULL;
	size_t len;
	int r;

	r = atomic_read(dir, name, REF_MAX, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_errno(err, r, "read %s/" REFS "/%s", root->dir, name);
	if (json_parse(text, len, &json, NULL) == 0) {
		image = json_get_string(json, "image");
		manifest = json_get_string(json, "digest");
		type = json_get_string(json, "mediaType");
		if (digest_valid(image) && digest_valid(manifest) && type &&
		    json_u64(json_get(json, "size"), &ret->size) == 0) {
			(void)memcpy(ret->image, image, DIGEST_TEXT_SIZE);
			(void)memcpy(ret->manifest, manifest, DIGEST_TEXT_SIZE);
			ret->media_type = mem_strdup(type);
			return 1;
		}
	}
	return error_set(err, ERROR_CORRUPT,
			 "%s/" REFS "/%s is damaged: pull or tag %s again, or remove it with kist "
			 "rmi",
			 root->dir, name, full);
}

int reference_read(const struct root *root, const struct reference *ref,
		   char ret_image[DIGEST_TEXT_SIZE], char ret_manifest[DIGEST_TEXT_SIZE],
		   struct error *err)
{
	auto_free char *name = reference_escape(ref);
	auto_ref_file file = {0};
	auto_fd int dir = -EBADF;
	int r;

	dir = root_dir_open(root, REFS, err);
	if (dir < 0)
		return dir;
	r = read_file(root, dir, name, &file, err);
	if (r <= 0)
		return r;
	(void)memcpy(ret_image, file.image, DIGEST_TEXT_SIZE);
	if (ret_manifest)
		(void)memcpy(ret_manifest, file.manifest, DIGEST_TEXT_SIZE);
	return 1;
}

static int write_reference(const struct root *root, const struct reference *ref,
			   const struct image_record *record, struct error *err)
{
	const struct image_record_manifest *manifest =
		image_record_manifest_find(record, record->image.manifest);
	auto_free char *name = reference_escape(ref);
	auto_fd int dir = -EBADF;
	auto_str text = {0};
	struct json_writer w;
	int r;

	if (!manifest)
		return error_set(err, ERROR_NOT_FOUND, "No such manifest: %s",
				 record->image.manifest);
	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "digest", manifest->digest);
	json_write_string(&w, "mediaType", manifest->media_type);
	json_write_u64(&w, "size", manifest->size);
	json_write_string(&w, "image", record->image.id);
	json_end(&w);
	dir = root_dir_open(root, REFS, err);
	if (dir < 0)
		return dir;
	r = atomic_write(dir, name, text.data, text.len, 0600, ATOMIC_SYNC);
	return r < 0 ? error_errno(err, r, "write %s/" REFS "/%s", root->dir, name) : 0;
}

int reference_point(const struct root *root, const struct reference *ref,
		    struct image_record *record, bool *ret_new, struct error *err)
{
	auto_free char *full = reference_full(ref);
	char image[DIGEST_TEXT_SIZE] = "", manifest[DIGEST_TEXT_SIZE] = "";
	auto_error why = {0};
	int r;

	r = reference_read(root, ref, image, manifest, &why);
	if (r < 0 && why.kind != ERROR_CORRUPT)
		return error_move(err, &why);
	if (ret_new)
		*ret_new = r <= 0 || !STREQ(manifest, record->image.manifest);
	/* The record first: a name in it that no file confirms counts for nothing. The image that
	 * had the name needs no change for the same reason. */
	if (!strv_contains(&record->image.references, full))
		strv_add(&record->image.references, full);
	r = image_record_write(root, record, err);
	if (r == 0)
		r = write_reference(root, ref, record, err);
	if (r == 0)
		r = layout_write(root, err);
	return r < 0 ? r : image_record_prune(root, record, err);
}

static int write_manifest(const struct root *root, int dir, const char *name, struct json_writer *w,
			  struct error *err)
{
	auto_free char *full = unescape(name);
	auto_ref_file file = {0};
	auto_error why = {0};
	int r;

	r = read_file(root, dir, name, &file, &why);
	if (r < 0 && why.kind != ERROR_CORRUPT)
		return error_move(err, &why);
	if (r <= 0)
		return 0;
	json_object_begin(w, NULL);
	json_write_string(w, "mediaType", file.media_type);
	json_write_string(w, "digest", file.manifest);
	json_write_u64(w, "size", file.size);
	json_object_begin(w, "annotations");
	json_write_string(w, REF_NAME, full);
	json_end(w);
	json_end(w);
	return 0;
}

/* The files of references, in order. */
static int list_files(const struct root *root, struct strv *ret, struct error *err)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = root_dir_open(root, REFS, err);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list %s/" REFS, root->dir);
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			strv_add(ret, entry->d_name);
	(void)closedir(dir);
	strv_sort(ret);
	return 0;
}

int reference_each(const struct root *root, int (*each)(const struct reference *ref, void *arg),
		   void *arg, struct error *err)
{
	auto_strv names = {0};
	int r;

	r = list_files(root, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *full = unescape(names.v[i]);
		auto_reference ref = {0};

		if (reference_parse(full, &ref, NULL) == 0)
			r = each(&ref, arg);
	}
	return r;
}

static int write_manifests(const struct root *root, struct json_writer *w, struct error *err)
{
	auto_fd int dir = root_dir_open(root, REFS, err);
	auto_strv names = {0};
	int r;

	if (dir < 0)
		return dir;
	r = list_files(root, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = write_manifest(root, dir, names.v[i], w, err);
	return r;
}

int layout_write(const struct root *root, struct error *err)
{
	auto_fd int dir = -EBADF;
	auto_str text = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_u64(&w, "schemaVersion", 2);
	json_write_string(&w, "mediaType", "application/vnd.oci.image.index.v1+json");
	json_array_begin(&w, "manifests");
	r = write_manifests(root, &w, err);
	if (r < 0)
		return r;
	json_end(&w);
	json_end(&w);
	dir = root_dir_open(root, "images", err);
	if (dir < 0)
		return dir;
	r = atomic_write(dir, "oci-layout", LAYOUT, strlen(LAYOUT), 0600, ATOMIC_EXCLUSIVE);
	if (r == 0 || r == -EEXIST)
		r = atomic_write(dir, "index.json", text.data, text.len, 0600, ATOMIC_SYNC);
	return r < 0 ? error_errno(err, r, "write %s/images/index.json", root->dir) : 0;
}
