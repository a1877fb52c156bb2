#include "api/docker/image.h"

#include "api/docker/document.h"
#include "api/docker/filter.h"
#include "api/docker/image-request.h"
#include "api/docker/since.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/event.h"
#include "store/reference.h"
#include "store/store.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* ---- filters ---- */

static bool match_dangling(const void *object, const char *value)
{
	const struct image *image = object;
	bool wanted;

	return parse_bool(value, &wanted) == 0 && wanted == (image->references.n == 0);
}

static int check_dangling(const char *value, struct error *err)
{
	bool wanted;

	if (parse_bool(value, &wanted) < 0)
		return error_set(err, ERROR_INVALID, "invalid filter 'dangling=%s'", value);
	return 0;
}

static bool match_label(const void *object, const char *value)
{
	return filter_label(&((const struct image *)object)->labels, value);
}

static bool match_not_label(const void *object, const char *value)
{
	return !match_label(object, value);
}

static bool match_until(const void *object, const char *value)
{
	int64_t time;

	return since_parse(value, time_now(), &time) == 0 &&
	       ((const struct image *)object)->created < time;
}

static int check_until(const char *value, struct error *err)
{
	int64_t time;

	if (since_parse(value, time_now(), &time) < 0)
		return error_set(err, ERROR_INVALID, "invalid filter 'until=%s'", value);
	return 0;
}

/* Looked at name by name: see select_names(). */
static bool match_any(const void *object, const char *value)
{
	(void)object;
	(void)value;
	return true;
}

static const struct filter image_filters[] = {
	{"dangling", match_dangling, check_dangling, false},
	{"label", match_label, NULL, true},
	{"label!", match_not_label, NULL, true},
	{"reference", match_any, NULL, false},
	{"until", match_until, check_until, true},
	{NULL},
};

/* What `before` and `since` name: only images made before or after that one. */
struct bounds {
	int64_t before, since;
};

static int read_bound(const struct root *root, const char *name, int64_t *ret, struct error *err)
{
	auto_image image = {0};
	int r = store_image_find(root, name, &image, err);

	if (r == 0)
		*ret = image.created;
	return r;
}

static int split_filters(const struct root *root, const struct strv *filters, struct strv *ret,
			 struct bounds *bounds, struct error *err)
{
	int r = 0;

	*bounds = (struct bounds) {INT64_MAX, INT64_MIN};
	for (size_t i = 0; r == 0 && i < filters->n; i++) {
		const char *filter = filters->v[i];

		if (str_starts(filter, "before="))
			r = read_bound(root, strchr(filter, '=') + 1, &bounds->before, err);
		else if (str_starts(filter, "since="))
			r = read_bound(root, strchr(filter, '=') + 1, &bounds->since, err);
		else
			strv_add(ret, filter);
	}
	return r < 0 ? r : filter_check(image_filters, ret, err);
}

/* A pattern of repository, repository:tag or repository@digest, where * does not cross a slash. */
static bool name_matches(const char *name, const char *pattern)
{
	size_t len = strcspn(name, "@");
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash ? slash : name, ':');
	auto_free char *repository = NULL;

	if (colon && colon < name + len)
		len = (size_t)(colon - name);
	repository = mem_strndup(name, len);
	return fnmatch(pattern, repository, FNM_PATHNAME) == 0 ||
	       fnmatch(pattern, name, FNM_PATHNAME) == 0;
}

/* Those of @names that a filter `reference` wants. */
static void select_names(const struct strv *names, const struct strv *filters, struct strv *ret)
{
	bool asked = filter_has(filters, "reference");

	for (size_t i = 0; i < names->n; i++) {
		bool wanted = !asked;

		for (size_t k = 0; k < filters->n; k++)
			wanted = wanted ||
				 (str_starts(filters->v[k], "reference=") &&
				  name_matches(names->v[i], strchr(filters->v[k], '=') + 1));
		if (wanted)
			strv_add(ret, names->v[i]);
	}
}

/* ---- list, inspect ---- */

static void write_image(struct json_writer *w, const struct image *image,
			const struct strv *filters, unsigned version)
{
	auto_strv all_tags = {0}, all_digests = {0}, tags = {0}, digests = {0};

	document_image_names(image, &all_tags, &all_digests);
	select_names(&all_tags, filters, &tags);
	select_names(&all_digests, filters, &digests);
	if (filter_has(filters, "reference") && tags.n + digests.n == 0)
		return;
	document_image_row(w, image, &tags, &digests, version, NULL);
}

static void free_list(struct image *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		image_release(&list[i]);
	free(list);
}

int image_call_list(struct call *call, const void *values, struct error *err)
{
	const struct image_list_request *wanted = values;
	struct bounds bounds = {0};
	struct image *list = NULL;
	auto_str document = {0};
	auto_strv filters = {0};
	struct engine *engine;
	struct json_writer w;
	size_t count = 0;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0)
		r = split_filters(&engine->root, &wanted->filters, &filters, &bounds, err);
	if (r == 0)
		r = store_image_list(&engine->root, &list, &count, NULL, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < count; i++)
		if (list[i].created < bounds.before && list[i].created > bounds.since &&
		    filter_matches(image_filters, &filters, &list[i]))
			write_image(&w, &list[i], &filters, call->head.version);
	json_end(&w);
	free_list(list, count);
	return response_json(&call->response, 200, &document, err);
}

static int find(struct call *call, const char *name, struct engine **ret_engine, struct image *ret,
		struct error *err)
{
	int r = call_engine(call, ret_engine, err);

	if (r < 0)
		return r;
	if (!name)
		return error_set(err, ERROR_INVALID, "no image specified");
	return store_image_find(&(*ret_engine)->root, name, ret, err);
}

int image_call_inspect(struct call *call, const void *values, struct error *err)
{
	const struct image_request *wanted = values;
	auto_image image = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = find(call, wanted->name, &engine, &image, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	document_image(&w, &image, call->head.version);
	return response_json(&call->response, 200, &document, err);
}

/* ---- tag, remove, prune ---- */

int image_call_tag(struct call *call, const void *values, struct error *err)
{
	const struct image_tag_request *wanted = values;
	auto_image image = {0};
	struct engine *engine;
	int r;

	r = find(call, wanted->name, &engine, &image, err);
	if (r == 0 && !wanted->target)
		r = error_set(err, ERROR_INVALID, "invalid reference format");
	if (r == 0)
		r = store_image_tag(&engine->root, &image, wanted->target, err);
	if (r == 0)
		event_image(engine, "tag", image.id, wanted->target);
	if (r < 0)
		return r;
	return response_empty(&call->response, 201, err);
}

/* "Untagged: name", "Deleted: sha256:…" as objects with one member. */
static void write_lines(struct json_writer *w, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		const char *colon = strstr(lines->v[i], ": ");
		auto_free char *key = NULL;

		if (!colon)
			continue;
		key = mem_strndup(lines->v[i], (size_t)(colon - lines->v[i]));
		json_object_begin(w, NULL);
		json_write_string(w, key, colon + 2);
		json_end(w);
	}
}

int image_call_remove(struct call *call, const void *values, struct error *err)
{
	const struct image_remove_request *wanted = values;
	auto_str document = {0};
	auto_strv lines = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0 && !wanted->name)
		r = error_set(err, ERROR_INVALID, "no image specified");
	if (r == 0)
		r = store_image_remove(&engine->root, wanted->name, wanted->force,
				       container_uses_image, engine, &lines, err);
	if (r < 0)
		return r;
	event_image_lines(engine, &lines);
	json_writer_init(&w, &document, 0);
	json_array_begin(&w, NULL);
	write_lines(&w, &lines);
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}

/* Removes what @filters choose; without "dangling=false" only images that have no name. */
static int prune(struct engine *engine, const struct strv *filters, struct strv *ret,
		 uint64_t *ret_bytes, struct error *err)
{
	bool named =
		strv_contains(filters, "dangling=false") || strv_contains(filters, "dangling=0");
	struct image *list;
	size_t count;
	int r = store_image_list(&engine->root, &list, &count, NULL, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		auto_free char *user = NULL;
		auto_error why = {0};

		if ((list[i].references.n > 0 && !named) ||
		    (!named && !filter_matches(image_filters, filters, &list[i])) ||
		    container_uses_image(list[i].id, &user, engine))
			continue;
		r = store_image_remove(&engine->root, list[i].id, true, container_uses_image,
				       engine, ret, &why);
		if (r == 0)
			*ret_bytes += list[i].size;
		else if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_CONFLICT)
			r = 0;
		else
			r = error_move(err, &why);
	}
	free_list(list, count);
	return r;
}

int image_call_prune(struct call *call, const void *values, struct error *err)
{
	const struct image_list_request *wanted = values;
	auto_str document = {0};
	auto_strv lines = {0};
	struct engine *engine;
	struct json_writer w;
	uint64_t bytes = 0;
	int r;

	r = filter_check(image_filters, &wanted->filters, err);
	if (r == 0)
		r = call_engine(call, &engine, err);
	if (r == 0)
		r = prune(engine, &wanted->filters, &lines, &bytes, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	if (lines.n == 0) {
		json_write_null(&w, "ImagesDeleted");
	} else {
		json_array_begin(&w, "ImagesDeleted");
		write_lines(&w, &lines);
		json_end(&w);
	}
	json_write_u64(&w, "SpaceReclaimed", bytes);
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}
