/*
 * What the monitor writes down for others: monitor.json and state.json in the bundle, and the exit
 * record.
 */
#pragma once

#include "base/macro.h"
#include "monitor/wire.h"

#include <stdbool.h>

/* <bundle>/monitor.json: this process. */
int record_monitor(int bundle_fd) MUST_CHECK;

/* <bundle>/state.json: the container's process. */
int record_state(int bundle_fd, const struct wire_started *started) MUST_CHECK;

/* The same as it was written, -EBADMSG otherwise. */
int record_read_state(int bundle_fd, struct wire_started *ret) MUST_CHECK;

/* Takes room on the disk for the exit record at @path, so that record_exit() succeeds even when the
 * disk is full by then. For containers that live a while; best effort. */
void record_reserve_exit(const char *path);

/* The exit record at @path, whole or absent; durable when this returns if @sync. */
int record_exit(const char *path, const struct wire_exit *exit, bool sync) MUST_CHECK;

/* The text of an exit record. 0 or -EBADMSG. */
int record_parse_exit(const char *text, size_t len, struct wire_exit *ret) MUST_CHECK;
