#include "engine/container/operation.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "engine/container/remove.h"
#include "engine/container/restart.h"
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define WHAT	  "container"
#define WAIT_NS	  (30 * TIME_SECOND)
#define PAUSE_MIN INT64_C(100000)
#define PAUSE_MAX INT64_C(10000000)

static const char *const undo_names[] = {
	[UNDO_CLEAN] = "clean",	  [UNDO_START] = "start",
	[UNDO_REMOVE] = "remove", [UNDO_REMOVE_VOLUMES] = "remove-volumes",
	[UNDO_RENAME] = "rename",
};

char *container_operation_text(enum container_undo_kind undo, const char *name)
{
	struct str out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "undo", undo_names[undo]);
	json_write_string(&w, "name", name);
	json_end(&w);
	return str_take(&out);
}

int container_operation_parse(const char *text, enum container_undo_kind *ret_undo, char **ret_name,
			      struct error *err)
{
	auto_json *root = NULL;
	const char *undo;

	if (json_parse(text, strlen(text), &root, NULL) < 0)
		return error_set(err, ERROR_CORRUPT, "intent: not JSON");
	undo = json_get_string(root, "undo");
	for (size_t i = 0; undo && i < ARRAY_SIZE(undo_names); i++) {
		if (STREQ(undo, undo_names[i])) {
			*ret_undo = (enum container_undo_kind)i;
			*ret_name = mem_strdup(json_get_string(root, "name"));
			return 0;
		}
	}
	return error_set(err, ERROR_CORRUPT, "intent: it does not say what to undo");
}

int container_operation_try(struct engine *engine, const char *id, enum container_undo_kind undo,
			    const char *name, struct intent *ret, struct error *err)
{
	auto_free char *text = container_operation_text(undo, name);

	return intent_begin(&engine->root, WHAT, id, text, ret, err);
}

int container_operation_begin(struct engine *engine, const char *id, enum container_undo_kind undo,
			      const char *name, struct intent *ret, struct error *err)
{
	int64_t deadline = time_monotonic() + WAIT_NS;
	int64_t pause = PAUSE_MIN;

	while (true) {
		struct timespec ts = {.tv_nsec = pause};
		auto_error conflict = {0};
		int r;

		r = container_operation_try(engine, id, undo, name, ret, &conflict);
		if (r == 0)
			return 0;
		if (conflict.kind != ERROR_CONFLICT || time_monotonic() > deadline)
			return error_move(err, &conflict);
		(void)nanosleep(&ts, NULL);
		/* Its holder may have died meanwhile. */
		if (pause == PAUSE_MAX)
			(void)!container_operation_recover(engine, NULL);
		pause = MIN(pause * 2, PAUSE_MAX);
	}
}

static int undo_one(const char *what, const char *id, const char *text, void *arg)
{
	struct engine *engine = arg;

	if (STREQ(what, RESTART_WHAT) && parse_is_hex(id, CONTAINER_ID_SIZE - 1))
		return container_restart_recover(engine, id);
	if (!STREQ(what, WHAT))
		return store_recover(&engine->root, what, id, text, NULL);
	if (!parse_is_hex(id, CONTAINER_ID_SIZE - 1))
		return -EINVAL;
	return container_undo(engine, id, text, NULL);
}

int container_operation_recover(struct engine *engine, struct error *err)
{
	int r = intent_recover(&engine->root, undo_one, engine, err);

	return r < 0 ? r : 0;
}
