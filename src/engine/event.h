/*
 * What has happened to containers, images, networks and volumes: written down by whoever did it,
 * read by whoever wants to know. No process in between.
 *
 * Theory of operation. An event is one line of JSON, Docker's own document, appended with one write
 * to events/log in the run folder (io/event-log). When the file has grown to EVENT_LOG_MAX it
 * becomes events/log.1, and the one before is gone: a reader that comes back within some tens of
 * thousands of events misses nothing, whatever was killed in between. The log ends with a boot.
 * Readers (event-stream.h) follow with inotify. To write an event is never a failure of the
 * operation it tells of.
 *
 * The monitor itself writes the die (and oom) of its container, so that it is there at once with
 * the exit code, attached clients or not; that of a monitor that was killed is written by whoever
 * cleans up.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_attribute {
	const char *key, *value;
};

/* "create", "start", "kill", "rename", "exec_create: sh -c …" ... of a container: its image, name
 * and labels are among the attributes; @extra (may be NULL) are @count more. */
void event_container(const struct engine *engine, const struct container *container,
		     const char *action, const struct event_attribute *extra, size_t count);
/* The events of a start, in one write: "create" if it @is_new, "connect" to its network, "mount" of
 * its volumes, "start". */
void event_container_started(const struct engine *engine, const struct container *container,
			     bool is_new);
/* The end of a start that nobody else tells of: "die", "disconnect" and "unmount". @die: whether
 * the monitor has not told of that itself. */
void event_container_ended(const struct engine *engine, const struct container *container,
			   bool die);
/* What the monitor puts into its events: members of a JSON object. Owned by the caller. */
char *event_container_attributes(const struct container *container) MUST_CHECK;

/* "pull", "tag", "untag", "delete", "load", "import": @id is the image's id or, for a pull, the
 * reference; @name the reference, or NULL. */
void event_image(const struct engine *engine, const char *action, const char *id, const char *name);
/* The same from what was told the user of it: "Untagged: x", "Deleted: sha256:…", "Loaded image:
 * x". */
void event_image_lines(const struct engine *engine, const struct strv *lines);
/* "connect", "disconnect" of @container_id, "create", "destroy" (@container_id NULL). */
void event_network(const struct engine *engine, const char *action, const char *network,
		   const char *driver, const char *container_id);
/* "create", "destroy"; "mount", "unmount" of @container_id. */
void event_volume(const struct engine *engine, const char *action, const char *volume,
		  const char *container_id);

struct event {
	char *type, *action, *id; /* "container", "exec_create: ls", "4f66ad…" */
	struct strv attributes;	  /* "key=value", sorted */
	int64_t time;		  /* wall clock, ns */
};

/* The event of one line of the log. ERROR_CORRUPT. */
int event_parse(const char *line, size_t len, struct event *ret, struct error *err) MUST_CHECK;
void event_release(struct event *event);
#define auto_event CLEANUP(event_release) struct event

/* The value of an attribute, or NULL. */
const char *event_attribute(const struct event *event, const char *key);

/* Docker's document of the event. @legacy: with status, id and from, which API 1.52 has dropped. */
void event_write(const struct event *event, bool legacy, struct str *out);
