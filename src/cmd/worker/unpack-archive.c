/*
 * The job "archive": finds the images in a docker-archive (manifest.json) or an OCI archive
 * (index.json) and says where in it their parts are.
 *
 * Descriptors from WORKER_FIRST: the archive, and a file that gets the plain tar where the archive
 * is compressed or no regular file. The answer is our own JSON (store/archive-plan.h); layers are
 * taken in from their places by the job "layer", as if they had come from a registry.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/worker/worker.h"
#include "codec/decompress.h"
#include "codec/json-unique.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "codec/tar-read.h"
#include "io/worker.h"
#include "spec/image-manifest.h"
#include "store/archive-plan.h"
#include "store/layer-wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE		WORKER_FIRST
#define SPOOL		(WORKER_FIRST + 1)

#define MEMBERS_MAX	65536
#define MEMBER_NAME_MAX 512
#define LINKS_MAX	8

#define NAME_CONTAINERD "io.containerd.image.name"
#define NAME_OCI	"org.opencontainers.image.ref.name"

struct member {
	char *name;
	char *link; /* the name that it stands for, or NULL */
	uint64_t offset, size;
};

struct archive {
	bool spooling;
	int plain;   /* the descriptor that has the plain tar in the end */
	uint64_t at; /* bytes of the plain tar so far */
	struct decompress *decompress;
	struct tar_reader *tar;
	struct member *members;
	size_t count, size;
	bool in_file;
	struct str plan_text;
	struct json_writer plan;
	unsigned char in[LAYER_BUFFER], out[LAYER_BUFFER];
};

/* ---- reading the tar ---- */

static int damaged(const char *why, struct error *err)
{
	return error_set(err, ERROR_CORRUPT, "read archive: %s", why);
}

/* Older `docker save` made links of layers that images share: "../<id>/layer.tar". */
static char *link_target(const char *name, const struct tar_entry *entry)
{
	const char *slash = strrchr(name, '/');
	auto_free char *joined = NULL;
	char clean[LAYER_PATH_MAX + 1];
	const char *why;

	if (entry->type == TAR_SYMLINK && entry->link[0] != '/' && slash)
		joined = mem_printf("%.*s/%s", (int)(slash - name), name, entry->link);
	else
		joined = mem_strdup(entry->link);
	return layer_path_clean(joined, clean, &why) < 0 ? NULL : mem_strdup(clean);
}

static int add_member(struct archive *archive, uint64_t offset, struct error *err)
{
	const struct tar_entry *entry = tar_reader_entry(archive->tar);
	char name[LAYER_PATH_MAX + 1];
	struct member *member;
	const char *why;

	archive->in_file = entry->type == TAR_FILE;
	if (entry->type != TAR_FILE && entry->type != TAR_SYMLINK && entry->type != TAR_HARDLINK)
		return 0;
	if (layer_path_clean(entry->path, name, &why) < 0 || strlen(name) > MEMBER_NAME_MAX)
		return damaged("it has a member whose name makes no sense", err);
	if (archive->count == MEMBERS_MAX)
		return damaged("it has more than 65536 members", err);
	if (archive->count == archive->size) {
		archive->size = MAX((size_t)64, archive->size * 2);
		archive->members =
			mem_resize(archive->members, archive->size * sizeof(*archive->members));
	}
	member = &archive->members[archive->count++];
	*member = (struct member) {.name = mem_strdup(name), .offset = offset, .size = entry->size};
	if (entry->type != TAR_FILE)
		member->link = link_target(name, entry);
	return 0;
}

static int take_event(struct archive *archive, int event, const struct tar_data *piece,
		      uint64_t offset, struct error *err)
{
	if (event < 0)
		return error_set(err, event == -EOPNOTSUPP ? ERROR_UNSUPPORTED : ERROR_CORRUPT,
				 "read archive after member %zu: %s", archive->count,
				 tar_reader_why(archive->tar));
	if (event == TAR_EVENT_ENTRY)
		return add_member(archive, offset, err);
	/* A sparse member has its content in pieces: we would read the wrong bytes. */
	if (event == TAR_EVENT_DATA && archive->in_file) {
		const struct member *member = &archive->members[archive->count - 1];

		if (piece->offset != offset - piece->len - member->offset)
			return damaged("it has a sparse member", err);
	}
	return 0;
}

/* Every byte goes through the reader, which says "entry" right where its data begin. */
static int take_plain(struct archive *archive, const unsigned char *data, size_t len,
		      struct error *err)
{
	bool more = true;
	int r;

	if (archive->spooling) {
		r = fd_write_full(SPOOL, data, len);
		if (r < 0)
			return error_errno(err, r, "keep the archive");
	}
	while (more) {
		struct tar_data piece = {0};
		size_t used = len;
		int event = tar_reader_push(archive->tar, data, &used, &piece);

		data += used;
		len -= used;
		archive->at += used;
		r = take_event(archive, event, &piece, archive->at, err);
		if (r < 0)
			return r;
		more = len > 0 || event == TAR_EVENT_ENTRY || event == TAR_EVENT_ENTRY_END;
	}
	return 0;
}

static int take_packed(struct archive *archive, const unsigned char *data, size_t len,
		       struct error *err)
{
	bool full = false;
	int r;

	while (len > 0 || full) {
		size_t used = len, made = sizeof(archive->out);

		r = decompress_run(archive->decompress, data, &used, archive->out, &made);
		if (r < 0 || (used == 0 && made == 0 && len > 0))
			return damaged("it is compressed, and damaged", err);
		r = made > 0 ? take_plain(archive, archive->out, made, err) : 0;
		if (r < 0)
			return r;
		data += used;
		len -= used;
		full = made == sizeof(archive->out);
	}
	return 0;
}

static ssize_t read_some(struct archive *archive, size_t at)
{
	ssize_t n;

	do
		n = read(SOURCE, archive->in + at, sizeof(archive->in) - at);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int read_tar(struct archive *archive, struct error *err)
{
	enum compression compression;
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;
	int r;

	while (len < COMPRESSION_MAGIC && (n = read_some(archive, len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return error_errno(err, (int)n, "read archive");
	compression = compression_sniff(archive->in, len);
	/* Layers can be taken from where they are if they can be read from there again. */
	archive->spooling = compression != COMPRESSION_NONE || fstat(SOURCE, &st) < 0 ||
			    !S_ISREG(st.st_mode) || lseek(SOURCE, 0, SEEK_CUR) != (off_t)len;
	archive->plain = archive->spooling ? SPOOL : SOURCE;
	archive->decompress = decompress_new(compression);
	archive->tar = tar_reader_new();
	while (len > 0) {
		r = take_packed(archive, archive->in, len, err);
		if (r < 0)
			return r;
		n = read_some(archive, 0);
		if (n < 0)
			return error_errno(err, (int)n, "read archive");
		len = (size_t)n;
	}
	if (!decompress_complete(archive->decompress))
		return damaged("it is cut short", err);
	if (tar_reader_finish(archive->tar) < 0)
		return damaged(tar_reader_why(archive->tar), err);
	return 0;
}

/* ---- finding members ---- */

/* As if it had been extracted: the last of a name counts, links are followed. */
static const struct member *find(const struct archive *archive, const char *name)
{
	for (unsigned hops = 0; name && hops < LINKS_MAX; hops++) {
		const struct member *member = NULL;

		for (size_t i = archive->count; i > 0 && !member; i--)
			if (STREQ(archive->members[i - 1].name, name))
				member = &archive->members[i - 1];
		if (!member || !member->link)
			return member;
		name = member->link;
	}
	return NULL;
}

static const struct member *need(const struct archive *archive, const char *name, struct error *err)
{
	const struct member *member;
	char clean[LAYER_PATH_MAX + 1];
	const char *why;

	member = layer_path_clean(name, clean, &why) < 0 ? NULL : find(archive, clean);
	if (!member)
		(void)error_set(err, ERROR_CORRUPT, "read archive: \"%.100s\" is missing", name);
	return member;
}

static int read_member(const struct archive *archive, const struct member *member, char **ret,
		       struct error *err)
{
	auto_free char *text = NULL;
	uint64_t at = 0;

	if (member->size > DOCUMENT_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "read archive: %.100s is longer than 4 MiB", member->name);
	text = mem_alloc((size_t)member->size + 1);
	while (at < member->size) {
		ssize_t n = pread(archive->plain, text + at, (size_t)(member->size - at),
				  (off_t)(member->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : ENODATA, "read archive");
		at += (uint64_t)n;
	}
	text[at] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}

static int read_json(const struct archive *archive, const char *name, struct json **ret,
		     struct error *err)
{
	const struct member *member = need(archive, name, err);
	auto_free char *text = NULL;
	auto_json *json = NULL;
	int r;

	if (!member)
		return -EBADMSG;
	r = read_member(archive, member, &text, err);
	if (r < 0)
		return r;
	if (json_parse(text, (size_t)member->size, &json, NULL) < 0 ||
	    !json_unique(text, (size_t)member->size, json))
		return error_set(err, ERROR_CORRUPT, "read archive: %s is no JSON document", name);
	*ret = TAKE_PTR(json);
	return 0;
}

/* ---- saying where things are ---- */

static void write_part(struct archive *archive, const char *key, const struct member *member,
		       const char *digest, const char *media_type)
{
	struct json_writer *w = &archive->plan;

	json_object_begin(w, key);
	json_write_u64(w, "offset", member->offset);
	json_write_u64(w, "size", member->size);
	if (digest)
		json_write_string(w, "digest", digest);
	if (media_type)
		json_write_string(w, "mediaType", media_type);
	json_end(w);
}

static int docker_image(struct archive *archive, const struct json *image, struct error *err)
{
	const char *config = json_get_string(image, "Config");
	const struct json *layers = json_get(image, "Layers");
	const struct json *tags = json_get(image, "RepoTags");
	struct json_writer *w = &archive->plan;
	const struct member *member;

	if (!config || (layers && !json_is(layers, JSON_ARRAY) && !json_is(layers, JSON_NULL)))
		return damaged("manifest.json has an image without Config or Layers", err);
	member = need(archive, config, err);
	if (!member)
		return -EBADMSG;
	json_object_begin(w, NULL);
	json_array_begin(w, "names");
	for (size_t i = 0; i < json_count(tags); i++)
		if (json_string(json_at(tags, i)))
			json_write_string(w, NULL, json_string(json_at(tags, i)));
	json_end(w);
	write_part(archive, "config", member, NULL, NULL);
	json_array_begin(w, "layers");
	for (size_t i = 0; i < json_count(layers); i++) {
		const char *layer = json_string(json_at(layers, i));

		member = need(archive, layer ? layer : "", err);
		if (!member)
			return -EBADMSG;
		write_part(archive, NULL, member, NULL, NULL);
	}
	json_end(w);
	json_end(w);
	return 0;
}

static int docker_archive(struct archive *archive, struct error *err)
{
	auto_json *manifest = NULL;
	int r = read_json(archive, "manifest.json", &manifest, err);

	if (r < 0)
		return r;
	if (json_count(manifest) == 0)
		return damaged("manifest.json is no list of images", err);
	for (size_t i = 0; r == 0 && i < json_count(manifest); i++)
		r = docker_image(archive, json_at(manifest, i), err);
	return r;
}

static const struct member *need_blob(const struct archive *archive, const char *digest,
				      struct error *err)
{
	auto_free char *name = NULL;

	if (!digest_valid(digest)) {
		(void)damaged("it names something by another digest than sha256", err);
		return NULL;
	}
	name = mem_printf("blobs/sha256/%s", digest_hex(digest));
	return need(archive, name, err);
}

static int oci_manifest(struct archive *archive, const struct image_manifest *manifest,
			const struct member *member, const char *digest, const char *name,
			struct error *err)
{
	const struct member *config = need_blob(archive, manifest->config.digest, err);
	struct json_writer *w = &archive->plan;

	if (!config)
		return -EBADMSG;
	json_object_begin(w, NULL);
	json_array_begin(w, "names");
	if (name)
		json_write_string(w, NULL, name);
	json_end(w);
	write_part(archive, "manifest", member, digest, media_type_name(manifest->type));
	write_part(archive, "config", config, manifest->config.digest, NULL);
	json_array_begin(w, "layers");
	for (size_t i = 0; i < manifest->part_count; i++) {
		const struct image_descriptor *part = &manifest->parts[i];
		const struct member *layer = need_blob(archive, part->digest, err);

		if (!layer)
			return -EBADMSG;
		write_part(archive, NULL, layer, part->digest, media_type_name(part->type));
	}
	json_end(w);
	json_end(w);
	return 0;
}

/* @digest names a manifest, or an index, which may hold one index more. */
static int oci_image(struct archive *archive, const char *digest, enum media_type type,
		     const char *name, unsigned depth, struct error *err)
{
	const struct member *member = need_blob(archive, digest, err);
	auto_image_manifest manifest = {0};
	const struct image_descriptor *entry;
	struct image_platform host;
	auto_free char *text = NULL;
	int r;

	if (!member)
		return -EBADMSG;
	r = read_member(archive, member, &text, err);
	if (r == 0)
		r = image_manifest_parse(text, (size_t)member->size, type, &manifest, err);
	if (r < 0)
		return r;
	if (media_type_is_manifest(manifest.type))
		return oci_manifest(archive, &manifest, member, digest, name, err);
	image_platform_host(&host);
	entry = image_index_select(&manifest, &host);
	if (!entry)
		return error_set(err, ERROR_UNSUPPORTED,
				 "read archive: image %s is not for this machine (%s/%s)",
				 name ? name : digest, host.os, host.architecture);
	if (depth == 0)
		return damaged("it has an index in an index in an index", err);
	return oci_image(archive, entry->digest, entry->type, name, depth - 1, err);
}

/* A bare tag, as some tools write it, names nothing by itself. */
static const char *oci_name(const struct json *descriptor)
{
	const struct json *annotations = json_get(descriptor, "annotations");
	const char *name = json_get_string(annotations, NAME_CONTAINERD);

	if (name)
		return name;
	name = json_get_string(annotations, NAME_OCI);
	return name && strpbrk(name, ":/") ? name : NULL;
}

static int oci_archive(struct archive *archive, struct error *err)
{
	const struct json *manifests;
	auto_json *index = NULL;
	int r;

	r = read_json(archive, "index.json", &index, err);
	if (r < 0)
		return r;
	manifests = json_get(index, "manifests");
	if (json_count(manifests) == 0 || json_count(manifests) > IMAGE_INDEX_MAX)
		return damaged("index.json names no image", err);
	for (size_t i = 0; r == 0 && i < json_count(manifests); i++) {
		const struct json *descriptor = json_at(manifests, i);
		const char *digest = json_get_string(descriptor, "digest");
		const char *type = json_get_string(descriptor, "mediaType");

		if (!digest || !type)
			return damaged("index.json has an entry without digest or type", err);
		r = oci_image(archive, digest, media_type_parse(type), oci_name(descriptor), 2,
			      err);
	}
	return r;
}

int unpack_archive(char **args, struct error *err)
{
	struct archive *archive = mem_new(struct archive); /* lives as long as the process */
	struct archive_found found = {0};
	int r;

	(void)args;
	r = read_tar(archive, err);
	if (r < 0)
		return r;
	json_writer_init(&archive->plan, &archive->plan_text, 0);
	json_array_begin(&archive->plan, NULL);
	/* Newer Docker writes both; the OCI one keeps the digests of manifests. */
	if (find(archive, "index.json") && find(archive, "oci-layout"))
		r = oci_archive(archive, err);
	else if (find(archive, "manifest.json"))
		r = docker_archive(archive, err);
	else
		r = error_set(
			err, ERROR_INVALID,
			"read archive: it has neither manifest.json nor index.json; a root file "
			"system is taken in with import");
	if (r < 0)
		return r;
	json_end(&archive->plan);
	found.spooled = archive->spooling;
	found.bytes = archive->at;
	worker_send_text(archive->plan_text.data, archive->plan_text.len);
	worker_send(WORKER_DONE, &found, sizeof(found));
	return 0;
}
