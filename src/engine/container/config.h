/*
 * What a container is created from: the request of a door, every value already parsed and in range.
 *
 * Zero-initialised (and container_config_init()ed) it is a container of the image's defaults on the
 * bridge network. The parse functions take one argument of Docker's command line or API each, and
 * their errors are in Docker's words.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/isolation.h"
#include "engine/container/mount.h"
#include "engine/fields.h"
#include "engine/restart-policy.h"
#include "network/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pull_policy {
	PULL_MISSING,
	PULL_ALWAYS,
	PULL_NEVER,
};

struct container_config {
	char *name;  /* NULL: one is made up */
	char *image; /* as the user named it */
	char *platform;
	enum pull_policy pull;

	bool has_entrypoint; /* @entrypoint replaces the image's (and its command) even if empty */
	struct strv entrypoint;
	struct strv command; /* empty: the image's */
	struct strv env;     /* "KEY=value"; "KEY" alone takes the image's away */
	char *user;	     /* as -u gave it; NULL: the image's */
	char *working_dir;   /* absolute; NULL: the image's */
	char *hostname;
	struct strv labels; /* "key=value", no key twice */
	bool open_stdin;
	bool stdin_once; /* stdin ends with the first client that had it attached */
	bool tty;
	bool auto_remove; /* --rm */
	bool read_only;
	int stop_signal;  /* 0: the image's, else SIGTERM */
	int stop_timeout; /* seconds; -1: the default of 10 */
	char *runtime;	  /* program of the OCI runtime; NULL: ours */

	char *network; /* "bridge", "host", "none", "container:<id>" */
	struct port_mapping *ports;
	size_t port_count;
	bool publish_all;
	struct strv exposed_ports; /* beyond the image's: "80/tcp", "90-91/udp" */
	struct strv extra_hosts;   /* "name:address" */
	struct strv dns, dns_search, dns_options;

	struct container_mount *mounts;
	size_t mount_count;

	uint64_t memory;		 /* bytes; 0: no limit */
	int64_t memory_swap;		 /* bytes with memory; -1: no limit; 0: twice the memory */
	int64_t nano_cpus;		 /* billionths; 0: no limit */
	uint64_t cpu_shares;		 /* 0: default */
	int64_t pids_limit;		 /* 0, -1: no limit */
	uint64_t memory_reservation;	 /* bytes; 0: none */
	uint64_t cpu_period;		 /* µs; 0: the kernel's */
	int64_t cpu_quota;		 /* µs; 0: none; not with nano_cpus */
	char *cpuset_cpus, *cpuset_mems; /* "0-2,7"; NULL: all */
	struct restart_policy restart;
	char *cgroup_parent; /* NULL: the engine's own */

	struct container_isolation isolation;
};

#define CONTAINER_MOUNTS_MAX	 1024
#define CONTAINER_MEMORY_MINIMUM (6 * 1024 * 1024)

/* Every member but name, pull, restart kind, ports and mounts: what is copied and on record. A new
 * member gets a row there and is complete. */
extern const struct fields container_config_fields;

void container_config_init(struct container_config *config);
void container_config_release(struct container_config *config);
/* Into @to, which owns everything, has no name, and is to be released. */
void container_config_copy(struct container_config *to, const struct container_config *from);
#define auto_container_config CLEANUP(container_config_release) struct container_config

/* -v: [source:]target[:options]. */
int container_config_add_volume(struct container_config *config, const char *text,
				struct error *err) MUST_CHECK;
/* --tmpfs: target[:options]. */
int container_config_add_tmpfs(struct container_config *config, const char *text,
			       struct error *err) MUST_CHECK;
/* --mount: type=bind,source=/a,target=/b,readonly, … */
int container_config_add_long_mount(struct container_config *config, const char *text,
				    struct error *err) MUST_CHECK;
/* -e: KEY=value, or KEY: from our own environment, nothing if it is not there. */
int container_config_add_env(struct container_config *config, const char *text,
			     struct error *err) MUST_CHECK;
/* -l: key[=value]; a later one replaces an earlier one of the same key. */
int container_config_add_label(struct container_config *config, const char *text,
			       struct error *err) MUST_CHECK;
/* --add-host: name:address. */
int container_config_add_host(struct container_config *config, const char *text,
			      struct error *err) MUST_CHECK;

/* Takes the content of @mount. ERROR_INVALID "Duplicate mount point". */
int container_config_add_mount(struct container_config *config, struct container_mount *mount,
			       struct error *err) MUST_CHECK;
/* In a list of "key=value": replaces the element of the same key, or appends. */
void strv_set_pair(struct strv *list, const char *text);

/* What no single argument shows: limits against each other, names, combinations. Called by
 * container_create(). */
int container_config_check(const struct container_config *config, struct error *err) MUST_CHECK;

/* A signal by number or by name with or without "SIG", real-time ones as RTMIN+n. */
int container_signal_parse(const char *text, int *ret, struct error *err) MUST_CHECK;
