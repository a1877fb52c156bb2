/*
 * The default sandbox of the engine, as Docker has it today: tables, and writers that put them into
 * a config.json. Whoever writes a specification starts from these and leaves out or adds.
 * (moby daemon/pkg/oci/defaults.go and caps/defaults.go, 2026.)
 */
#pragma once

#include "base/macro.h"
#include "codec/json-write.h"

#include <stdint.h>

/* The 14 capabilities of an ordinary container, as a mask (spec/capability.h). */
#define DEFAULTS_CAPABILITIES UINT64_C(0xa80425fb)

/* Lists end with NULL. */
extern const char *const defaults_masked_paths[];
extern const char *const defaults_readonly_paths[];

struct defaults_mount {
	const char *destination; /* NULL ends the table */
	const char *type;
	const char *source;
	const char *options[8]; /* NULL-terminated */
};

/* /proc /dev /dev/pts /sys /sys/fs/cgroup /dev/mqueue /dev/shm, in the order of mounting. */
extern const struct defaults_mount defaults_mounts[];

/* One element of config.json's "mounts", to be called inside that array. */
void defaults_write_mount(struct json_writer *w, const struct defaults_mount *mount);

/* The object "process.capabilities": @mask in bounding, effective and permitted, nothing in
 * inheritable and ambient. */
void defaults_write_capabilities(struct json_writer *w, const char *key, uint64_t mask);

/* The elements of "linux.resources.devices": everything refused but the usual character devices
 * and the making of nodes. To be called inside that array. */
void defaults_write_device_rules(struct json_writer *w);
