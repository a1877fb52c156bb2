#include "engine/event.h"

#include "base/mem.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "io/event-log.h"

#include <stdio.h>
#include <string.h>

/* Of the labels of one container; what is longer is left out. */
#define LABELS_MAX (64 * 1024)
#define ID_SHORT   12

static void add_member(struct str *out, const char *key, size_t key_len, const char *value)
{
	if (out->len > 0)
		str_append_char(out, ',');
	json_quote(out, key, key_len);
	str_append_char(out, ':');
	json_quote(out, value, strlen(value));
}

static void add_text(struct str *out, const char *key, const char *value)
{
	add_member(out, key, strlen(key), value);
}

char *event_container_attributes(const struct container *container)
{
	const struct strv *labels = &container->config.labels;
	auto_str out = {0}, text = {0};

	for (size_t i = 0; i < labels->n; i++) {
		size_t len = strcspn(labels->v[i], "=");
		const char *value = labels->v[i][len] ? labels->v[i] + len + 1 : "";
		bool own = (len == 5 && strncmp(labels->v[i], "image", len) == 0) ||
			   (len == 4 && strncmp(labels->v[i], "name", len) == 0);

		if (!own)
			add_member(&text, labels->v[i], len, value);
	}
	if (text.len > 0 && text.len <= LABELS_MAX)
		str_append(&out, text.data);
	add_text(&out, "image", container->config.image ? container->config.image : "");
	add_text(&out, "name", container->name ? container->name : "");
	return str_take(&out);
}

static void append(const struct engine *engine, const struct str *lines)
{
	/* An event that cannot be told is no reason to fail what was done. */
	(void)!event_log_append(engine->root.run_fd, str_text(lines), lines->len);
}

static void add_container(struct str *lines, const struct container *container, const char *action,
			  const struct event_attribute *extra, size_t count)
{
	auto_free char *attributes = event_container_attributes(container);
	auto_str more = {0};

	for (size_t i = 0; i < count; i++) {
		str_append_char(&more, ',');
		json_quote(&more, extra[i].key, strlen(extra[i].key));
		str_append_char(&more, ':');
		json_quote(&more, extra[i].value, strlen(extra[i].value));
	}
	event_line(lines, "container", action, container->id, attributes, str_text(&more),
		   time_now());
}

void event_container(const struct engine *engine, const struct container *container,
		     const char *action, const struct event_attribute *extra, size_t count)
{
	auto_str lines = {0};

	add_container(&lines, container, action, extra, count);
	append(engine, &lines);
}

static void add_network(struct str *lines, const char *action, const char *network,
			const char *driver, const char *container_id)
{
	auto_str attributes = {0};

	if (container_id)
		add_text(&attributes, "container", container_id);
	add_text(&attributes, "name", network);
	add_text(&attributes, "type", driver);
	event_line(lines, "network", action, network, str_text(&attributes), "", time_now());
}

void event_network(const struct engine *engine, const char *action, const char *network,
		   const char *driver, const char *container_id)
{
	auto_str lines = {0};

	add_network(&lines, action, network, driver, container_id);
	append(engine, &lines);
}

void event_volume(const struct engine *engine, const char *action, const char *volume,
		  const char *container_id)
{
	auto_str attributes = {0}, lines = {0};

	if (container_id)
		add_text(&attributes, "container", container_id);
	add_text(&attributes, "driver", "local");
	event_line(&lines, "volume", action, volume, str_text(&attributes), "", time_now());
	append(engine, &lines);
}

/* Of each volume of the container: "mount", with where and how, or "unmount". */
static void add_volumes(struct str *lines, const struct container *container, bool mounted)
{
	for (size_t i = 0; i < container->config.mount_count; i++) {
		const struct container_mount *mount = &container->config.mounts[i];
		auto_str attributes = {0};

		if (mount->kind != MOUNT_VOLUME || !mount->source)
			continue;
		add_text(&attributes, "container", container->id);
		if (mounted)
			add_text(&attributes, "destination", mount->target);
		add_text(&attributes, "driver", "local");
		if (mounted) {
			add_text(&attributes, "propagation", "");
			add_text(&attributes, "read/write", mount->read_only ? "false" : "true");
		}
		event_line(lines, "volume", mounted ? "mount" : "unmount", mount->source,
			   str_text(&attributes), "", time_now());
	}
}

void event_container_started(const struct engine *engine, const struct container *container,
			     bool is_new)
{
	const char *network = container->config.network;
	auto_str lines = {0};

	if (is_new)
		add_container(&lines, container, "create", NULL, 0);
	if (network)
		add_network(&lines, "connect", network, network, container->id);
	add_volumes(&lines, container, true);
	add_container(&lines, container, "start", NULL, 0);
	append(engine, &lines);
}

void event_container_ended(const struct engine *engine, const struct container *container, bool die)
{
	const char *network = container->config.network;
	int64_t ended = container->finished ? container->finished : time_now();
	char duration[24], code[16];
	const struct event_attribute extra[] = {{"execDuration", duration}, {"exitCode", code}};
	auto_str lines = {0};

	if (die) {
		(void)snprintf(
			duration, sizeof(duration), "%lld",
			(long long)(MAX(ended - container->started, (int64_t)0) / TIME_SECOND));
		(void)snprintf(code, sizeof(code), "%d", container->exit_code);
		add_container(&lines, container, "die", extra, ARRAY_SIZE(extra));
	}
	if (network)
		add_network(&lines, "disconnect", network, network, container->id);
	add_volumes(&lines, container, false);
	append(engine, &lines);
}

void event_image(const struct engine *engine, const char *action, const char *id, const char *name)
{
	auto_str attributes = {0}, lines = {0};

	if (name)
		add_text(&attributes, "name", name);
	event_line(&lines, "image", action, id, str_text(&attributes), "", time_now());
	append(engine, &lines);
}

void event_image_lines(const struct engine *engine, const struct strv *lines)
{
	static const struct {
		const char *begin, *action;
	} kinds[] = {
		{"Untagged: ", "untag"},
		{"Deleted: ", "delete"},
		{"Loaded image: ", "load"},
	};

	for (size_t i = 0; i < lines->n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			const char *name = lines->v[i] + strlen(kinds[k].begin);

			if (str_starts(lines->v[i], kinds[k].begin))
				event_image(engine, kinds[k].action, name, name);
		}
	}
}

/* ---- reading ---- */

static int take_attribute(const char *key, struct json *value, void *arg)
{
	const char *text = json_string(value);

	if (!text)
		return -EINVAL;
	strv_add_format(arg, "%s=%s", key, text);
	return 0;
}

int event_parse(const char *line, size_t len, struct event *ret, struct error *err)
{
	auto_event event = {0};
	auto_json *root = NULL;
	const char *type, *action, *id;
	const struct json *actor, *attributes;

	if (json_parse(line, len, &root, NULL) < 0)
		return error_set(err, ERROR_CORRUPT, "event: not JSON");
	actor = json_get(root, "Actor");
	attributes = json_get(actor, "Attributes");
	type = json_get_string(root, "Type");
	action = json_get_string(root, "Action");
	id = json_get_string(actor, "ID");
	if (!type || !action || !id || !json_is(attributes, JSON_OBJECT) ||
	    json_i64(json_get(root, "timeNano"), &event.time) < 0 ||
	    json_each(attributes, take_attribute, &event.attributes) != 0)
		return error_set(err, ERROR_CORRUPT, "event: a member is missing or malformed");
	strv_sort(&event.attributes);
	event.type = mem_strdup(type);
	event.action = mem_strdup(action);
	event.id = mem_strdup(id);
	*ret = event;
	event = (struct event) {0};
	return 0;
}

void event_release(struct event *event)
{
	mem_freep(&event->type);
	mem_freep(&event->action);
	mem_freep(&event->id);
	strv_release(&event->attributes);
}

const char *event_attribute(const struct event *event, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < event->attributes.n; i++)
		if (str_starts(event->attributes.v[i], key) && event->attributes.v[i][len] == '=')
			return event->attributes.v[i] + len + 1;
	return NULL;
}

void event_write(const struct event *event, bool legacy, struct str *out)
{
	const char *from = event_attribute(event, "image");
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	if (legacy && (STREQ(event->type, "container") || STREQ(event->type, "image"))) {
		json_write_string(&w, "status", event->action);
		json_write_string(&w, "id", event->id);
		if (from && STREQ(event->type, "container"))
			json_write_string(&w, "from", from);
	}
	json_write_string(&w, "Type", event->type);
	json_write_string(&w, "Action", event->action);
	json_object_begin(&w, "Actor");
	json_write_string(&w, "ID", event->id);
	json_object_begin(&w, "Attributes");
	for (size_t i = 0; i < event->attributes.n; i++) {
		const char *pair = event->attributes.v[i];
		size_t len = strcspn(pair, "=");
		auto_free char *key = mem_strndup(pair, len);

		json_write_string(&w, key, pair[len] ? pair + len + 1 : "");
	}
	json_end(&w);
	json_end(&w);
	json_write_string(&w, "scope", "local");
	json_write_i64(&w, "time", event->time / TIME_SECOND);
	json_write_i64(&w, "timeNano", event->time);
	json_end(&w);
}
