/*
 * What can be asked of containers: the operations and the structures of their values.
 */
#pragma once

#include "api/operation.h"
#include "base/strv.h"
#include "engine/container/config.h"

#include <stdbool.h>
#include <stdint.h>

/* For everything that needs no more than the container's name or id. */
struct container_request {
	char *name;
};

struct container_list_request {
	bool all, size;
	int64_t limit; /* 0: none */
	struct strv filters;
};

struct container_inspect_request {
	char *name;
	bool size;
};

struct container_stop_request { /* and restart */
	char *name;
	char *signal; /* NULL: the container's */
	bool has_timeout;
	int64_t timeout; /* seconds; negative: for ever */
};

struct container_kill_request {
	char *name;
	char *signal;
};

enum wait_condition {
	WAIT_NOT_RUNNING,
	WAIT_NEXT_EXIT,
	WAIT_REMOVED,
};

struct container_wait_request {
	char *name;
	unsigned condition;
};

struct container_remove_request {
	char *name;
	bool force, volumes;
};

struct container_logs_request {
	char *name;
	bool follow, out, err, timestamps, details;
	int64_t since, until; /* ns; 0: no bound */
	bool has_tail;
	uint64_t tail;
};

struct container_attach_request {
	char *name;
	bool stream, logs, in, out, err;
	char *detach_keys;
};

struct container_resize_request {
	char *name;
	unsigned rows, columns;
};

struct container_top_request {
	char *name;
	struct strv arguments;
};

struct container_stats_request {
	char *name;
	bool stream, one_shot;
};

struct container_archive_request {
	char *name, *path;
	bool no_overwrite;
	bool copy_owner;
};

struct container_rename_request {
	char *name, *new_name;
};

struct container_update_request {
	char *name;
	unsigned fields; /* enum update_field */
	struct container_config values;
};

struct container_prune_request {
	struct strv filters;
};

extern const struct operation operation_container_list;
extern const struct operation operation_container_inspect;
extern const struct operation operation_container_create; /* struct container_config */
extern const struct operation operation_container_start;
extern const struct operation operation_container_stop;
extern const struct operation operation_container_restart;
extern const struct operation operation_container_kill;
extern const struct operation operation_container_wait;
extern const struct operation operation_container_remove;
extern const struct operation operation_container_logs;
extern const struct operation operation_container_attach;
extern const struct operation operation_container_resize;
extern const struct operation operation_container_top;
extern const struct operation operation_container_stats;
extern const struct operation operation_container_stat; /* struct container_archive_request */
extern const struct operation operation_container_get;	/* likewise */
extern const struct operation operation_container_put;	/* likewise */
extern const struct operation operation_container_export;
extern const struct operation operation_container_rename;
extern const struct operation operation_container_pause;
extern const struct operation operation_container_unpause;
extern const struct operation operation_container_changes;
extern const struct operation operation_container_prune;
extern const struct operation operation_container_update;
