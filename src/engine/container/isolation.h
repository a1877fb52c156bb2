/*
 * What a container may do and which namespaces it shares: the part of its configuration that
 * `docker run --cap-add, --security-opt, --device, --ipc, …` set, and their meaning.
 *
 * Zero-initialised it is Docker's default sandbox. The add functions take one argument of Docker's
 * command line each (a door that has structures fills them in and calls
 * container_isolation_check()); errors are in Docker's words.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/fields.h"

#include <stdbool.h>
#include <stdint.h>

#define CONTAINER_SHM_SIZE (UINT64_C(64) << 20)

/* --device. */
struct container_device {
	char *source; /* absolute path on the host: a node, a symlink to one, or a folder of nodes
		       */
	char *target; /* absolute path in the container */
	char *access; /* of "rwm", each once at most */
};

/* --ulimit; -1: no limit. */
struct container_ulimit {
	char *name; /* "nofile" */
	int64_t soft, hard;
};

/* --device-read-bps and its like; --blkio-weight-device. */
struct container_rate {
	char *path;
	uint64_t rate;
};

struct container_isolation {
	bool privileged;
	struct strv cap_add, cap_drop; /* "CAP_CHOWN" or "ALL" */

	bool no_new_privileges;
	char *seccomp;	/* NULL: the default; "unconfined", "builtin", or a profile (JSON) */
	char *apparmor; /* NULL: none was named */
	struct strv labels;
	bool has_masked_paths, has_readonly_paths; /* instead of the default ones, even if empty */
	struct strv masked_paths, readonly_paths;

	struct field_array devices; /* struct container_device */
	struct strv device_rules;   /* "c 1:3 rwm" */
	struct field_array ulimits; /* struct container_ulimit, no name twice */
	struct strv sysctls;	    /* "net.core.somaxconn=1024", no key twice */
	struct strv group_add;	    /* names or numbers */
	struct strv annotations;    /* "key=value", no key twice */
	uint64_t shm_size;	    /* 0: CONTAINER_SHM_SIZE */
	bool init;		    /* kist-init is process 1 */
	char *ipc;	/* NULL: "private"; "shareable", "none", "host", "container:<id>" */
	char *pid;	/* NULL: one of its own; "host", "container:<id>" */
	char *uts;	/* NULL: one of its own; "host" */
	char *userns;	/* NULL or "host": the host's, which is the only one */
	char *cgroupns; /* NULL: "private"; "host" */
	char *domainname;
	char *mac_address; /* of its interface on the bridge; NULL: made from its address */

	int64_t oom_score_adj;
	bool oom_kill_disable;
	int64_t memory_swappiness;		 /* 0 to 100; -1: as the machine has it */
	uint64_t blkio_weight;			 /* 10 to 1000; 0: default */
	struct field_array blkio_weight_devices; /* struct container_rate, these five */
	struct field_array device_read_bps, device_write_bps;
	struct field_array device_read_iops, device_write_iops;
};

extern const struct fields container_device_fields, container_ulimit_fields, container_rate_fields;

/* One argument of the option of that name each. @what is "CapAdd" or "CapDrop". */
int container_add_capability(struct strv *list, const char *what, const char *text,
			     struct error *err) MUST_CHECK;
/* "key=value" or "key:value" as the API takes it: the value of seccomp is a profile, not its file;
 * systempaths is not known (see @has_masked_paths). */
int container_add_security_option(struct container_isolation *isolation, const char *text,
				  struct error *err) MUST_CHECK;
int container_add_device(struct container_isolation *isolation, const char *text,
			 struct error *err) MUST_CHECK;
int container_add_device_rule(struct container_isolation *isolation, const char *text,
			      struct error *err) MUST_CHECK;
int container_add_ulimit(struct container_isolation *isolation, const char *text,
			 struct error *err) MUST_CHECK;
int container_add_sysctl(struct container_isolation *isolation, const char *text,
			 struct error *err) MUST_CHECK;
int container_add_annotation(struct container_isolation *isolation, const char *text,
			     struct error *err) MUST_CHECK;
/* "/dev/sda:1mb" and "/dev/sda:1000"; "/dev/sda:500". */
int container_add_bps(struct field_array *rates, const char *text, struct error *err) MUST_CHECK;
int container_add_iops(struct field_array *rates, const char *text, struct error *err) MUST_CHECK;
int container_add_weight(struct field_array *rates, const char *text, struct error *err) MUST_CHECK;

/* What an API's structure could hold that the functions above would have refused, and options
 * against each other. */
int container_isolation_check(const struct container_isolation *isolation,
			      struct error *err) MUST_CHECK;

/* The capabilities it is to have, before what this machine lacks is taken away. */
uint64_t container_capabilities(const struct container_isolation *isolation) MUST_CHECK;

/* Those of them that there are here. */
uint64_t container_capabilities_here(const struct container_isolation *isolation) MUST_CHECK;

/* The <id> of "container:<id>", or NULL; @mode may be NULL. */
const char *container_mode_peer(const char *mode);
