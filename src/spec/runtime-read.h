/*
 * Typed members out of a JSON object, for the readers of config.json: absent (or null) is fine and
 * leaves the output alone, anything but the asked-for type is an error that names the member.
 * Private to spec/.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/json.h"
#include "spec/runtime-config.h"

#include <stdbool.h>
#include <stdint.h>

/* @where is the path of @object in the document: "process.user". */
int read_string(const struct json *object, const char *where, const char *key, const char **ret,
		struct error *err) MUST_CHECK;
int read_bool(const struct json *object, const char *where, const char *key, bool *ret,
	      struct error *err) MUST_CHECK;
int read_i64(const struct json *object, const char *where, const char *key, int64_t min,
	     int64_t max, struct runtime_i64 *ret, struct error *err) MUST_CHECK;
int read_u32(const struct json *object, const char *where, const char *key, uint32_t *ret,
	     struct error *err) MUST_CHECK;
/* An object or array; NULL if absent. */
int read_container(const struct json *object, const char *where, const char *key,
		   enum json_kind kind, const struct json **ret, struct error *err) MUST_CHECK;
/* A list of borrowed strings, NULL-terminated, owned by the caller; NULL if absent. */
int read_strings(const struct json *object, const char *where, const char *key, char ***ret,
		 struct error *err) MUST_CHECK;

/* The parts of config.json that live in files of their own. */
int read_mounts(const struct json *root, struct runtime_config *config,
		struct error *err) MUST_CHECK;
/* The bits of a propagation word ("rshared"), or 0. */
uint64_t read_propagation(const char *word, bool *ret_recursive);
/* config.json: "uidMappings" or "gidMappings" of linux or of a mount. */
int read_id_maps(const struct json *object, const char *where, const char *key,
		 struct runtime_id_maps *ret, struct error *err) MUST_CHECK;
int read_time_offsets(const struct json *linux_object, struct runtime_config *config,
		      struct error *err) MUST_CHECK;
/* "scheduler", "ioPriority", "execCPUAffinity" */
int read_scheduling(const struct json *process, struct runtime_process *ret,
		    struct error *err) MUST_CHECK;
/* linux: "personality", "memoryPolicy", "netDevices", "intelRdt" */
int read_extras(const struct json *linux_object, struct runtime_config *config,
		struct error *err) MUST_CHECK;
/* resources: "blockIO", "hugepageLimits", "rdma", "network" */
int read_limits(const struct json *resources, struct runtime_resources *ret,
		struct error *err) MUST_CHECK;
void release_limits(struct runtime_resources *resources);
int read_seccomp(const struct json *linux_object, struct runtime_seccomp **ret,
		 struct error *err) MUST_CHECK;
void free_seccomp(struct runtime_seccomp *seccomp);
