#include "spec/image-config.h"

#include "base/mem.h"
#include "base/time.h"
#include "codec/digest.h"
#include "codec/json-unique.h"
#include "spec/image-manifest.h"

#include <stdlib.h>
#include <string.h>

/* Where a string of struct image_config is, in the document and in our record. */
struct text_field {
	const char *key;
	size_t offset;
};

#define FIELD(key, member)                                 \
	{                                                  \
		key, offsetof(struct image_config, member) \
	}

static const struct text_field top_texts[] = {
	FIELD("os", os),
	FIELD("architecture", architecture),
	FIELD("variant", variant),
	FIELD("author", author),
};
static const struct text_field config_texts[] = {
	FIELD("User", user),
	FIELD("WorkingDir", working_dir),
	FIELD("StopSignal", stop_signal),
};
static const struct text_field config_lists[] = {
	FIELD("Env", env),
	FIELD("Entrypoint", entrypoint),
	FIELD("Cmd", cmd),
};
/* Go's map[string]struct{}: only the keys say something. */
static const struct text_field config_sets[] = {
	FIELD("ExposedPorts", exposed_ports),
	FIELD("Volumes", volumes),
};
/* In our record all of them are lists. */
static const struct text_field record_lists[] = {
	FIELD("diff_ids", diff_ids),
	FIELD("Env", env),
	FIELD("Entrypoint", entrypoint),
	FIELD("Cmd", cmd),
	FIELD("ExposedPorts", exposed_ports),
	FIELD("Volumes", volumes),
	FIELD("Labels", labels),
};

static char **text_at(struct image_config *config, const struct text_field *field)
{
	return (char **)(void *)((char *)config + field->offset);
}

static struct strv *list_at(struct image_config *config, const struct text_field *field)
{
	return (struct strv *)(void *)((char *)config + field->offset);
}

static int bad(struct error *err, const char *key, const char *what)
{
	return error_set(err, ERROR_INVALID, "read image config: %s is not %s", key, what);
}

static int read_text(const struct json *object, const char *key, char **ret, struct error *err)
{
	const struct json *value = json_get(object, key);

	if (value && !json_is(value, JSON_NULL) && !json_is(value, JSON_STRING))
		return bad(err, key, "a string");
	free(*ret);
	*ret = mem_strdup(value && json_string(value) ? json_string(value) : "");
	return 0;
}

static int read_list(const struct json *object, const char *key, struct strv *ret,
		     struct error *err)
{
	const struct json *value = json_get(object, key);

	if (!value || json_is(value, JSON_NULL))
		return 0;
	if (!json_is(value, JSON_ARRAY))
		return bad(err, key, "a list of strings");
	for (size_t i = 0; i < json_count(value); i++) {
		const char *item = json_string(json_at(value, i));

		if (!item)
			return bad(err, key, "a list of strings");
		strv_add(ret, item);
	}
	return 0;
}

static int add_key(const char *key, struct json *value, void *arg)
{
	(void)value;
	strv_add(arg, key);
	return 0;
}

static int add_label(const char *key, struct json *value, void *arg)
{
	if (!json_is(value, JSON_STRING))
		return 1;
	strv_add_format(arg, "%s=%s", key, json_string(value));
	return 0;
}

static int read_map(const struct json *object, const char *key,
		    int (*each)(const char *, struct json *, void *), struct strv *ret,
		    struct error *err)
{
	const struct json *value = json_get(object, key);

	if (!value || json_is(value, JSON_NULL))
		return 0;
	if (!json_is(value, JSON_OBJECT) || json_each(value, each, ret) != 0)
		return bad(err, key, "an object of strings");
	return 0;
}

static int read_run_config(const struct json *config, struct image_config *ret, struct error *err)
{
	int r = 0;

	if (config && !json_is(config, JSON_OBJECT) && !json_is(config, JSON_NULL))
		return bad(err, "config", "an object");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(config_texts); i++)
		r = read_text(config, config_texts[i].key, text_at(ret, &config_texts[i]), err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(config_lists); i++)
		r = read_list(config, config_lists[i].key, list_at(ret, &config_lists[i]), err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(config_sets); i++)
		r = read_map(config, config_sets[i].key, add_key, list_at(ret, &config_sets[i]),
			     err);
	return r < 0 ? r : read_map(config, "Labels", add_label, &ret->labels, err);
}

static int check_diff_ids(const struct strv *diff_ids, struct error *err)
{
	if (diff_ids->n > IMAGE_LAYERS_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
				 "read image config: it has %zu layers, more than the %d that can "
				 "be mounted",
				 diff_ids->n, IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < diff_ids->n; i++)
		if (!digest_valid(diff_ids->v[i]))
			return bad(err, "rootfs.diff_ids", "a list of sha256 digests");
	return 0;
}

static int read_rootfs(const struct json *rootfs, struct image_config *ret, struct error *err)
{
	const char *type = json_get_string(rootfs, "type");
	int r;

	if (!json_is(rootfs, JSON_OBJECT) || !type || !STREQ(type, "layers"))
		return bad(err, "rootfs", "an object of type \"layers\"");
	r = read_list(rootfs, "diff_ids", &ret->diff_ids, err);
	return r < 0 ? r : check_diff_ids(&ret->diff_ids, err);
}

static int parse_document(const struct json *document, struct image_config *ret, struct error *err)
{
	const char *created = json_get_string(document, "created");
	int r = 0;

	if (!json_is(document, JSON_OBJECT))
		return bad(err, "the document", "an object");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(top_texts); i++)
		r = read_text(document, top_texts[i].key, text_at(ret, &top_texts[i]), err);
	if (r < 0)
		return r;
	if (created && time_parse(created, &ret->created) < 0)
		return bad(err, "created", "a time");
	/* Images made before there was a choice do not say it. */
	if (ret->os[0] == '\0') {
		free(ret->os);
		ret->os = mem_strdup("linux");
	}
	r = read_run_config(json_get(document, "config"), ret, err);
	return r < 0 ? r : read_rootfs(json_get(document, "rootfs"), ret, err);
}

int image_config_parse(const char *text, size_t len, struct image_config *ret, struct error *err)
{
	auto_image_config config = {0};
	auto_json *document = NULL;
	int r;

	if (json_parse(text, len, &document, NULL) < 0 || !json_unique(text, len, document))
		return error_set(err, ERROR_INVALID,
				 "read image config: it is not a JSON document");
	r = parse_document(document, &config, err);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct image_config) {0};
	return 0;
}

void image_config_write(struct json_writer *w, const struct image_config *config)
{
	struct image_config *fields = (struct image_config *)(uintptr_t)config;

	json_write_i64(w, "created", config->created);
	for (size_t i = 0; i < ARRAY_SIZE(top_texts); i++)
		json_write_string(w, top_texts[i].key, *text_at(fields, &top_texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(config_texts); i++)
		json_write_string(w, config_texts[i].key, *text_at(fields, &config_texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(record_lists); i++)
		json_write_strings(w, record_lists[i].key,
				   strv_argv(list_at(fields, &record_lists[i])));
}

static int corrupt(struct error *err, const char *key)
{
	return error_set(err, ERROR_CORRUPT, "read image record: %s is missing or damaged", key);
}

static int read_record_list(const struct json *object, const char *key, struct strv *ret,
			    struct error *err)
{
	const struct json *list = json_get(object, key);

	if (!json_is(list, JSON_ARRAY))
		return corrupt(err, key);
	for (size_t i = 0; i < json_count(list); i++) {
		const char *item = json_string(json_at(list, i));

		if (!item)
			return corrupt(err, key);
		strv_add(ret, item);
	}
	return 0;
}

static int read_record_texts(const struct json *object, const struct text_field *fields,
			     size_t count, struct image_config *ret, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = json_get_string(object, fields[i].key);

		if (!text)
			return corrupt(err, fields[i].key);
		*text_at(ret, &fields[i]) = mem_strdup(text);
	}
	return 0;
}

int image_config_read(const struct json *object, struct image_config *ret, struct error *err)
{
	auto_image_config config = {0};
	int r;

	if (json_i64(json_get(object, "created"), &config.created) < 0)
		return corrupt(err, "created");
	r = read_record_texts(object, top_texts, ARRAY_SIZE(top_texts), &config, err);
	if (r == 0)
		r = read_record_texts(object, config_texts, ARRAY_SIZE(config_texts), &config, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(record_lists); i++)
		r = read_record_list(object, record_lists[i].key,
				     list_at(&config, &record_lists[i]), err);
	if (r == 0)
		r = check_diff_ids(&config.diff_ids, err);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct image_config) {0};
	return 0;
}

void image_config_release(struct image_config *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(top_texts); i++)
		free(*text_at(config, &top_texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(config_texts); i++)
		free(*text_at(config, &config_texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(record_lists); i++)
		strv_release(list_at(config, &record_lists[i]));
	*config = (struct image_config) {0};
}
