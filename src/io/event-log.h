/*
 * The log of events: one line of JSON each, appended by whoever did something.
 *
 * events/log in the run folder; when it has grown to EVENT_LOG_MAX it becomes events/log.1 and the
 * one before is gone. A line is one write to a file opened with O_APPEND, so lines of different
 * processes never mix and nobody waits for anybody. Nothing is synced: the log ends with a boot.
 *
 * Returns 0, >= 0 or -errno.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

#define EVENT_FOLDER   "events"
#define EVENT_LOG      "log"
#define EVENT_LOG_OLD  "log.1"
#define EVENT_LOG_MAX  (8 * 1024 * 1024)
#define EVENT_LINE_MAX (256 * 1024)

/*
 * Appends one event to @out: Docker's document, compact, with a newline. @attributes are members of
 * a JSON object ("\"name\":\"web\",…", may be empty), @extra more of them ("", or beginning with a
 * comma unless @attributes is empty).
 */
void event_line(struct str *out, const char *type, const char *action, const char *id,
		const char *attributes, const char *extra, int64_t time);

/* Appends one or more whole lines to the log below the run folder @run_fd. */
int event_log_append(int run_fd, const char *lines, size_t len) MUST_CHECK;
