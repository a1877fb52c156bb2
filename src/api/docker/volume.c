#include "api/docker/volume.h"

#include "api/docker/document.h"
#include "api/docker/filter.h"
#include "api/docker/network-request.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container/name.h"
#include "engine/event.h"
#include "volume/volume.h"

#include <errno.h>
#include <string.h>

static void write_volume(struct json_writer *w, const struct engine *engine, const char *name,
			 int64_t created)
{
	auto_free char *path = volume_path(&engine->root, name);

	json_object_begin(w, NULL);
	document_time(w, "CreatedAt", created);
	json_write_string(w, "Driver", "local");
	json_write_null(w, "Labels");
	json_write_string(w, "Mountpoint", path);
	json_write_string(w, "Name", name);
	json_write_null(w, "Options");
	json_write_string(w, "Scope", "local");
	json_end(w);
}

/* The ids of the containers that have it. */
static int find_users(struct engine *engine, const char *name, struct strv *ret, struct error *err)
{
	struct container *list;
	size_t count;
	int r = container_list(engine, &list, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct container_config *config = &list[i].config;
		bool used = list[i].damage != NULL; /* what cannot be read may use any */

		for (size_t k = 0; k < config->mount_count; k++)
			used = used ||
			       (config->mounts[k].kind == MOUNT_VOLUME &&
				config->mounts[k].source && STREQ(config->mounts[k].source, name));
		if (used)
			strv_add(ret, list[i].id);
	}
	container_list_free(list, count);
	return 0;
}

/* ---- filters ---- */

struct listed_volume {
	struct engine *engine;
	const char *name;
};

static bool match_name(const void *object, const char *value)
{
	return strstr(((const struct listed_volume *)object)->name, value) != NULL;
}

static bool match_driver(const void *object, const char *value)
{
	(void)object;
	return STREQ(value, "local");
}

static bool match_dangling(const void *object, const char *value)
{
	const struct listed_volume *volume = object;
	bool wanted = STREQ(value, "true") || STREQ(value, "1");
	auto_strv users = {0};

	return find_users(volume->engine, volume->name, &users, NULL) == 0 &&
	       wanted == (users.n == 0);
}

static bool match_label(const void *object, const char *value)
{
	(void)object;
	(void)value;
	return false;
}

static const struct filter volume_filters[] = {
	{"dangling", match_dangling, NULL, false},
	{"driver", match_driver, NULL, false},
	{"label", match_label, NULL, true},
	{"name", match_name, NULL, false},
	{NULL},
};

/* ---- calls ---- */

int volume_call_list(struct call *call, const void *values, struct error *err)
{
	const struct list_request *wanted = values;
	auto_str document = {0};
	struct engine *engine;
	auto_strv names = {0};
	struct json_writer w;
	int r;

	r = filter_check(volume_filters, &wanted->filters, err);
	if (r == 0)
		r = call_engine(call, &engine, err);
	if (r == 0)
		r = volume_list(&engine->root, &names, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_array_begin(&w, "Volumes");
	for (size_t i = 0; i < names.n; i++) {
		const struct listed_volume volume = {engine, names.v[i]};
		int64_t created;

		/* Removed meanwhile. */
		if (!volume_exists(&engine->root, volume.name, &created))
			continue;
		if (filter_matches(volume_filters, &wanted->filters, &volume))
			write_volume(&w, engine, volume.name, created);
	}
	json_end(&w);
	json_write_null(&w, "Warnings");
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}

static int answer(struct call *call, const struct engine *engine, const char *name, unsigned status,
		  struct error *err)
{
	auto_str document = {0};
	struct json_writer w;
	int64_t created;

	if (!volume_exists(&engine->root, name, &created))
		return error_set(err, ERROR_NOT_FOUND, "get %s: no such volume", name);
	json_writer_init(&w, &document, 0);
	write_volume(&w, engine, name, created);
	return response_json(&call->response, status, &document, err);
}

int volume_call_inspect(struct call *call, const void *values, struct error *err)
{
	const struct object_request *wanted = values;
	struct engine *engine;
	int r = call_engine(call, &engine, err);

	return r < 0 ? r : answer(call, engine, wanted->name ? wanted->name : "", 200, err);
}

int volume_call_create(struct call *call, const void *values, struct error *err)
{
	const struct object_request *wanted = values;
	char id[CONTAINER_ID_SIZE];
	const char *name = wanted->name ? wanted->name : id;
	struct engine *engine;
	bool is_new = false;
	int r;

	/* The id is a name for one that has none, and for what is in the making. */
	r = container_id_make(id, err);
	if (r == 0 && !volume_name_valid(name))
		r = error_set(err, ERROR_INVALID,
			      "create %s: \"%s\" includes invalid characters for a local volume "
			      "name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed",
			      name, name);
	if (r == 0)
		r = call_engine(call, &engine, err);
	if (r == 0)
		r = volume_ensure(&engine->root, name, id, -EBADF, &is_new, err);
	if (r < 0)
		return r;
	if (is_new)
		event_volume(engine, "create", name, NULL);
	return answer(call, engine, name, 201, err);
}

int volume_call_remove(struct call *call, const void *values, struct error *err)
{
	const struct object_request *wanted = values;
	const char *name = wanted->name ? wanted->name : "";
	struct engine *engine;
	auto_strv users = {0};
	int r;

	r = call_engine(call, &engine, err);
	if (r < 0)
		return r;
	if (!volume_exists(&engine->root, name, NULL))
		return wanted->force
			       ? response_empty(&call->response, 204, err)
			       : error_set(err, ERROR_NOT_FOUND, "get %s: no such volume", name);
	r = find_users(engine, name, &users, err);
	if (r == 0 && users.n > 0)
		r = error_set(err, ERROR_CONFLICT, "remove %s: volume is in use - [%s]", name,
			      users.v[0]);
	if (r == 0)
		r = volume_remove(&engine->root, name, err);
	if (r < 0)
		return r;
	event_volume(engine, "destroy", name, NULL);
	return response_empty(&call->response, 204, err);
}
