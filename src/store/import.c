/*
 * An image of one layer from a root file system tar. The config and the manifest are written here;
 * kist-worker hashes and reads them as if they had come from elsewhere.
 */
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "store/change.h"
#include "store/ingest.h"
#include "store/internal.h"
#include "store/manifest-write.h"

#include <string.h>

/* Go's name of this machine. */
static const char *machine(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "say what Go calls this machine"
#endif
}

static void write_keys(struct json_writer *w, const char *key, const struct strv *keys)
{
	if (keys->n == 0)
		return;
	json_object_begin(w, key);
	for (size_t i = 0; i < keys->n; i++) {
		json_object_begin(w, keys->v[i]);
		json_end(w);
	}
	json_end(w);
}

static void write_labels(struct json_writer *w, const struct strv *labels)
{
	if (labels->n == 0)
		return;
	json_object_begin(w, "Labels");
	for (size_t i = 0; i < labels->n; i++) {
		size_t len = strcspn(labels->v[i], "=");
		auto_free char *key = mem_strndup(labels->v[i], len);

		json_write_string(w, key, labels->v[i][len] ? labels->v[i] + len + 1 : "");
	}
	json_end(w);
}

static void write_lists(struct json_writer *w, const struct image_config *config)
{
	const struct {
		const char *key;
		const struct strv *list;
	} lists[] = {
		{"Env", &config->env},
		{"Entrypoint", &config->entrypoint},
		{"Cmd", &config->cmd},
	};
	const struct {
		const char *key;
		const char *text;
	} texts[] = {
		{"User", config->user},
		{"WorkingDir", config->working_dir},
		{"StopSignal", config->stop_signal},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].text && *texts[i].text)
			json_write_string(w, texts[i].key, texts[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i].list->n > 0)
			json_write_strings(w, lists[i].key, strv_argv(lists[i].list));
	write_keys(w, "ExposedPorts", &config->exposed_ports);
	write_keys(w, "Volumes", &config->volumes);
	write_labels(w, &config->labels);
}

/* OCI image-spec 1.1, config.md. */
static void write_config(struct str *text, const struct image_config *config, const char *diff_id,
			 const char *message)
{
	char created[TIME_TEXT_SIZE];
	struct json_writer w;

	(void)time_format(time_now(), created);
	json_writer_init(&w, text, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "architecture", machine());
	json_write_string(&w, "os", "linux");
	json_write_string(&w, "created", created);
	json_object_begin(&w, "config");
	write_lists(&w, config);
	json_end(&w);
	json_object_begin(&w, "rootfs");
	json_write_string(&w, "type", "layers");
	json_array_begin(&w, "diff_ids");
	json_write_string(&w, NULL, diff_id);
	json_end(&w);
	json_end(&w);
	json_array_begin(&w, "history");
	json_object_begin(&w, NULL);
	json_write_string(&w, "created", created);
	json_write_string(&w, "comment", message ? message : "");
	json_end(&w);
	json_end(&w);
	json_end(&w);
}

static int take_layer(struct ingest *ingest, int fd, const struct ingest_layer_result **ret,
		      struct error *err)
{
	struct ingest_layer_request request = {.source_fd = fd, .size = INGEST_SIZE_UNKNOWN};
	struct ingest_layer *layer;
	int r;

	r = ingest_layer_start(ingest, &request, &layer, err);
	if (r == 0)
		r = ingest_layer_wait(layer, err);
	if (r == 0)
		*ret = ingest_layer_result(layer);
	return r;
}

static int commit(struct ingest *ingest, const struct image *image, size_t config_len,
		  const struct ingest_layer_result *layer, const char *reference, struct error *err)
{
	struct manifest_layer layers[] = {
		{.digest = layer->digest, .media_type = layer->media_type, .size = layer->size}};
	struct ingest_image request = {.image = image, .reference = reference};
	char manifest[DIGEST_TEXT_SIZE];
	auto_strv digests = {0};
	auto_str text = {0};
	int r;

	manifest_write(&text, image->id, config_len, layers, ARRAY_SIZE(layers));
	r = ingest_blob(ingest, text.data, text.len, NULL, manifest, err);
	if (r < 0)
		return r;
	strv_add(&digests, layer->digest);
	request.manifest = manifest;
	request.manifest_type = MANIFEST_TYPE;
	request.manifest_size = text.len;
	request.layers = &digests;
	return ingest_commit(ingest, &request, NULL, err);
}

static int import(const struct root *root, int fd, const struct image_config *config,
		  const char *message, const char *reference, struct image *ret, struct error *err)
{
	const struct ingest_layer_result *layer = NULL;
	auto_ingest *ingest = NULL;
	auto_image image = {0};
	auto_str text = {0};
	int r;

	r = ingest_begin(root, "import", &ingest, err);
	if (r == 0)
		r = take_layer(ingest, fd, &layer, err);
	if (r < 0)
		return r;
	write_config(&text, config, layer->diff_id, message);
	r = ingest_config(ingest, text.data, text.len, NULL, &image, err);
	if (r == 0)
		r = commit(ingest, &image, text.len, layer, reference, err);
	return r < 0 ? r : store_image_find(root, image.id, ret, err);
}

int store_import(const struct root *root, int fd, const struct strv *changes, const char *message,
		 const char *name, struct image *ret, struct error *err)
{
	auto_image_config config = {0};
	auto_free char *full = NULL;
	auto_reference ref = {0};
	int r = 0;

	if (name && *name) {
		r = reference_parse(name, &ref, err);
		if (r < 0)
			return r;
		if (ref.digest)
			return error_set(err, ERROR_INVALID,
					 "cannot import digest reference: give a name and a tag");
		full = reference_full(&ref);
	}
	for (size_t i = 0; r == 0 && changes && i < changes->n; i++)
		r = change_apply(changes->v[i], &config, err);
	if (r < 0)
		return r;
	r = import(root, fd, &config, message, full, ret, err);
	return r < 0 ? error_prefix(err, "import image") : 0;
}
