/*
 * The events that the monitor tells itself: "oom" and "die" of its container, as soon as its exit
 * record is in place, attached clients or not.
 */
#pragma once

#include "monitor/monitor.h"
#include "monitor/wire.h"

#include <stdint.h>

/* In the bundle: what to put into the events instead of --event-attributes, for a container that
 * was renamed since it started. */
#define ATTRIBUTES_FILE "event-attributes"
/* Made in the bundle when the end has been told; who finds it missing tells it himself. */
#define ANNOUNCED_FILE "announced"

/* @started: wall clock, ns. Best effort: an event that cannot be written is lost. */
void announce_end(const struct monitor_options *options, int bundle_fd, int64_t started,
		  const struct wire_exit *exit);
