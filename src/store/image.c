/*
 * Finding, listing, tagging and removing images.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REFS  "images/refs"
#define SHORT 12 /* digits of an id as people see it */

/* ---- finding ---- */

/* Docker's name for what was not found: completed, without what goes without saying. */
static int not_found(const char *name, struct error *err)
{
	auto_free char *shown = NULL;
	auto_reference ref = {0};

	if (reference_parse(name, &ref, NULL) == 0)
		shown = reference_familiar(&ref);
	return error_set(err, ERROR_NOT_FOUND, "No such image: %s", shown ? shown : name);
}

/* An image pulled by tag is found by its manifest's digest as well: any name of the same
 * repository that points to it. */
static int find_by_digest(const struct root *root, const struct reference *ref,
			  char ret_id[DIGEST_TEXT_SIZE], struct error *err)
{
	struct reference bare = {.domain = ref->domain, .repository = ref->repository};
	auto_free char *prefix = reference_escape(&bare);
	size_t len = strlen(prefix);
	struct dirent *entry;
	int fd, r = 0;
	DIR *dir;

	fd = root_dir_open(root, REFS, err);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list %s/" REFS, root->dir);
	}
	while (r == 0 && (entry = readdir(dir))) {
		char id[DIGEST_TEXT_SIZE], manifest[DIGEST_TEXT_SIZE];
		struct reference tagged = bare;

		if (strncmp(entry->d_name, prefix, len) != 0 || entry->d_name[len] != ':')
			continue;
		tagged.tag = entry->d_name + len + 1;
		r = reference_read(root, &tagged, id, manifest, err);
		if (r == 1 && STREQ(manifest, ref->digest))
			(void)memcpy(ret_id, id, DIGEST_TEXT_SIZE);
		else if (r == 1)
			r = 0;
	}
	(void)closedir(dir);
	return r;
}

/* 1 and the id, or 0. */
static int find_by_reference(const struct root *root, const char *name,
			     char ret_id[DIGEST_TEXT_SIZE], char ret_manifest[DIGEST_TEXT_SIZE],
			     struct reference *ret_ref, struct error *err)
{
	auto_reference ref = {0};
	int r;

	if (reference_parse(name, &ref, NULL) < 0)
		return 0;
	r = reference_read(root, &ref, ret_id, ret_manifest, err);
	if (r == 0 && ref.digest) {
		r = find_by_digest(root, &ref, ret_id, err);
		(void)memcpy(ret_manifest, ref.digest, DIGEST_TEXT_SIZE);
	}
	if (r == 1 && ret_ref) {
		*ret_ref = ref;
		ref = (struct reference) {0};
	}
	return r;
}

struct prefix {
	const char *digits;
	size_t len;
	unsigned count;
	char id[DIGEST_TEXT_SIZE];
};

static int match_prefix(const char *id, void *arg)
{
	struct prefix *prefix = arg;

	if (strncmp(digest_hex(id), prefix->digits, prefix->len) != 0)
		return 0;
	prefix->count++;
	(void)memcpy(prefix->id, id, DIGEST_TEXT_SIZE);
	return 0;
}

/* 1 and the id, or 0. */
static int find_by_id(const struct root *root, const char *name, char ret_id[DIGEST_TEXT_SIZE],
		      struct error *err)
{
	struct prefix prefix = {0};
	int r;

	prefix.digits = str_starts(name, "sha256:") ? digest_hex(name) : name;
	prefix.len = strlen(prefix.digits);
	if (prefix.len == 0 || prefix.len > DIGEST_HEX || !parse_is_hex(prefix.digits, prefix.len))
		return 0;
	r = image_record_each(root, match_prefix, &prefix, err);
	if (r < 0)
		return r;
	if (prefix.count > 1)
		return error_set(err, ERROR_CONFLICT,
				 "image ID prefix %s is ambiguous: give more digits", name);
	if (prefix.count == 0)
		return 0;
	(void)memcpy(ret_id, prefix.id, DIGEST_TEXT_SIZE);
	return 1;
}

/* With @ret_damaged a damaged record is no failure: it is set, and *@ret is what is left. */
static int find(const struct root *root, const char *name, struct image_record *ret,
		struct reference *ret_ref, bool *ret_damaged, struct error *err)
{
	char id[DIGEST_TEXT_SIZE], manifest[DIGEST_TEXT_SIZE];
	auto_error why = {0};
	int r, named;

	r = named = find_by_reference(root, name, id, manifest, ret_ref, err);
	if (r == 0)
		r = find_by_id(root, name, id, err);
	if (r < 0)
		return r;
	if (r == 0) {
		auto_reference ref = {0};

		if (!parse_is_hex(name, DIGEST_HEX) && !str_starts(name, "sha256:")) {
			r = reference_parse(name, &ref, err);
			if (r < 0)
				return r;
		}
		return not_found(name, err);
	}
	r = image_record_read(root, id, ret, &why);
	if (r < 0 && why.kind == ERROR_CORRUPT && ret_damaged) {
		*ret_damaged = true;
		return image_record_salvage(root, id, ret, err);
	}
	if (r < 0)
		return error_move(err, &why);
	if (named)
		(void)memcpy(ret->image.manifest, manifest, DIGEST_TEXT_SIZE);
	return 0;
}

static void take_image(struct image_record *record, struct image *ret)
{
	*ret = record->image;
	record->image = (struct image) {0};
}

int store_image_find(const struct root *root, const char *name, struct image *ret,
		     struct error *err)
{
	auto_image_record record = {0};
	int r = find(root, name, &record, NULL, NULL, err);

	if (r == 0)
		take_image(&record, ret);
	return r;
}

struct listing {
	const struct root *root;
	struct image *images;
	size_t n, size;
	struct strv *damages;
	struct error *err;
};

static int add_image(const char *id, void *arg)
{
	struct listing *listing = arg;
	auto_image_record record = {0};
	auto_error why = {0};

	if (image_record_read(listing->root, id, &record, &why) < 0) {
		if (why.kind == ERROR_CORRUPT && listing->damages)
			strv_add(listing->damages, why.message);
		return why.kind == ERROR_NOT_FOUND || why.kind == ERROR_CORRUPT
			       ? 0
			       : error_move(listing->err, &why);
	}
	if (listing->n == listing->size) {
		listing->size = MAX((size_t)16, listing->size * 2);
		listing->images =
			mem_resize(listing->images, listing->size * sizeof(*listing->images));
	}
	take_image(&record, &listing->images[listing->n++]);
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct image *x = a, *y = b;

	if (x->created != y->created)
		return x->created < y->created ? 1 : -1;
	return strcmp(x->id, y->id);
}

int store_image_list(const struct root *root, struct image **ret, size_t *ret_count,
		     struct strv *damages, struct error *err)
{
	struct listing listing = {.root = root, .damages = damages, .err = err};
	int r;

	r = image_record_each(root, add_image, &listing, err);
	if (r < 0) {
		for (size_t i = 0; i < listing.n; i++)
			image_release(&listing.images[i]);
		free(listing.images);
		return r;
	}
	if (listing.n > 0)
		qsort(listing.images, listing.n, sizeof(*listing.images), newest_first);
	*ret = listing.images;
	*ret_count = listing.n;
	return 0;
}

int store_layer_paths(const struct root *root, const struct image *image, struct strv *ret,
		      struct error *err)
{
	auto_fd int layers = root_dir_open(root, "layers", err);
	auto_strv paths = {0};

	if (layers < 0)
		return layers;
	for (size_t i = image->diff_ids.n; i > 0; i--) {
		const char *hex = digest_hex(image->diff_ids.v[i - 1]);
		struct stat st;

		if (fstatat(layers, hex, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
			return error_set(err, ERROR_CORRUPT,
					 "image %.12s: its layer %.12s is missing in %s/layers; "
					 "remove the image and pull it again",
					 digest_hex(image->id), hex, root->dir);
		strv_add_format(&paths, "%s/layers/%s", root->dir, hex);
	}
	strv_release(ret);
	*ret = paths;
	paths = (struct strv) {0};
	return 0;
}

int store_layer_sizes(const struct root *root, const struct strv *diff_ids, uint64_t *ret,
		      struct error *err)
{
	auto_fd int layers = root_dir_open(root, "layers", err);

	if (layers < 0)
		return layers;
	for (size_t i = 0; i < diff_ids->n; i++)
		ret[i] = layer_size(layers, diff_ids->v[i]);
	return 0;
}

/* ---- changing ---- */

int store_image_tag(const struct root *root, const struct image *image, const char *name,
		    struct error *err)
{
	auto_reference ref = {0};
	auto_image_record record = {0};
	auto_fd int lock = -EBADF;
	int r;

	r = reference_parse(name, &ref, err);
	if (r < 0)
		return error_prefix(err, "%s is no name for an image", name);
	if (ref.digest)
		return error_set(err, ERROR_INVALID,
				 "refusing to create a tag with a digest reference");
	lock = store_lock(root, err);
	if (lock < 0)
		return lock;
	r = image_record_read(root, image->id, &record, err);
	if (r < 0)
		return r;
	if (image_record_manifest_find(&record, image->manifest))
		(void)memcpy(record.image.manifest, image->manifest, DIGEST_TEXT_SIZE);
	return reference_point(root, &ref, &record, NULL, err);
}

static int remove_reference(const struct root *root, const char *full, struct strv *lines,
			    struct error *err)
{
	auto_free char *file = NULL, *shown = NULL;
	auto_reference ref = {0};
	auto_fd int dir = -EBADF;
	int r;

	r = reference_parse(full, &ref, err);
	if (r < 0)
		return r;
	file = reference_escape(&ref);
	shown = reference_familiar(&ref);
	dir = root_dir_open(root, REFS, err);
	if (dir < 0)
		return dir;
	if ((unlinkat(dir, file, 0) < 0 && errno != ENOENT) || fsync(dir) < 0)
		return error_errno(err, errno, "remove reference %s", shown);
	strv_add_format(lines, "Untagged: %s", shown);
	return 0;
}

/* The names go first, then the record, then what nobody else needs: whatever dies in between, what
 * has a name is whole, and the next command goes on. */
static int remove_image(const struct root *root, const struct image_record *record, bool damaged,
			struct strv *lines, struct error *err)
{
	auto_strv layers = {0}, blobs = {0}, gone = {0};
	auto_intent intent = {0};
	int r = 0;

	strv_copy(&layers, &record->image.diff_ids);
	strv_add(&blobs, record->image.id);
	for (size_t i = 0; i < record->manifest_count; i++)
		image_record_manifest_blobs(&record->manifests[i], &blobs);
	if (damaged) /* What it needed it cannot say: whatever nobody needs goes. */
		r = store_list_all(root, &layers, &blobs, err);
	if (r == 0)
		r = store_collect_begin(root, record->image.id, &layers, &blobs, &intent, err);
	for (size_t i = 0; r == 0 && i < record->image.references.n; i++)
		r = remove_reference(root, record->image.references.v[i], lines, err);
	if (r == 0)
		r = layout_write(root, err);
	if (r == 0)
		r = image_record_remove(root, record->image.id, err);
	if (r < 0)
		return r;
	strv_add_format(lines, "Deleted: %s", record->image.id);
	r = store_collect_end(root, &layers, &blobs, &intent, &gone, err);
	for (size_t i = gone.n; i > 0; i--)
		strv_add_format(lines, "Deleted: %s", gone.v[i - 1]);
	return r;
}

static int check_unused(const struct image_record *record, const struct reference *ref,
			bool (*in_use)(const char *image_id, char **ret_container, void *arg),
			void *arg, struct error *err)
{
	const char *id = digest_hex(record->image.id);
	auto_free char *container = NULL, *shown = NULL;

	if (!in_use || !in_use(record->image.id, &container, arg))
		return 0;
	if (!ref)
		return error_set(
			err, ERROR_CONFLICT,
			"conflict: unable to delete %.*s (must be forced) - image is being "
			"used by container %.*s",
			SHORT, id, SHORT, container ? container : "");
	shown = reference_familiar(ref);
	return error_set(err, ERROR_CONFLICT,
			 "conflict: unable to remove repository reference \"%s\" (must force) - "
			 "container %.*s is using its referenced image %.*s",
			 shown, SHORT, container ? container : "", SHORT, id);
}

/* A name whose file does not say any more what it points to: just the name goes. */
static int remove_damaged_reference(const struct root *root, const char *name, struct strv *lines,
				    struct error *why, struct error *err)
{
	auto_reference ref = {0};
	auto_free char *full = NULL;
	int r;

	if (why->kind != ERROR_CORRUPT || reference_parse(name, &ref, NULL) < 0)
		return error_move(err, why);
	full = reference_full(&ref);
	r = remove_reference(root, full, lines, err);
	return r < 0 ? r : layout_write(root, err);
}

int store_image_remove(const struct root *root, const char *name, bool force,
		       bool (*in_use)(const char *image_id, char **ret_container, void *arg),
		       void *arg, struct strv *lines, struct error *err)
{
	auto_reference ref = {0};
	auto_image_record record = {0};
	auto_free char *full = NULL;
	auto_fd int lock = -EBADF;
	auto_error why = {0};
	bool named, damaged = false;
	int r;

	lock = store_lock(root, err);
	if (lock < 0)
		return lock;
	r = find(root, name, &record, &ref, &damaged, &why);
	if (r < 0)
		return remove_damaged_reference(root, name, lines, &why, err);
	named = ref.domain != NULL;
	if (named) {
		full = reference_full(&ref);
		if (record.image.references.n > 1 &&
		    strv_contains(&record.image.references, full)) {
			r = remove_reference(root, full, lines, err);
			if (r == 0)
				r = layout_write(root, err);
			return r < 0 || damaged ? r : image_record_prune(root, &record, err);
		}
	} else if (record.image.references.n > 1 && !force) {
		return error_set(err, ERROR_CONFLICT,
				 "conflict: unable to delete %.*s (must be forced) - image is "
				 "referenced in multiple repositories",
				 SHORT, digest_hex(record.image.id));
	}
	if (!force) {
		r = check_unused(&record, named ? &ref : NULL, in_use, arg, err);
		if (r < 0)
			return r;
	}
	return remove_image(root, &record, damaged, lines, err);
}
