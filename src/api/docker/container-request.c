#include "api/docker/container-request.h"

#include "api/docker/config-record.h"
#include "api/docker/operations.h"
#include "engine/container/update.h"

#define TERMINAL_MAX UINT16_MAX

static const struct tagged_field name_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_request, name)},
	{0},
};

static const struct tagged_field list_fields[] = {
	{TAGGED_ROW_BOOL(1, struct container_list_request, all)},
	{TAGGED_ROW_BOOL(2, struct container_list_request, size)},
	{TAGGED_ROW_SIGNED(3, struct container_list_request, limit, 0, INT64_MAX)},
	{TAGGED_ROW_LIST(4, struct container_list_request, filters)},
	{0},
};

static const struct tagged_field inspect_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_inspect_request, name)},
	{TAGGED_ROW_BOOL(2, struct container_inspect_request, size)},
	{0},
};

static const struct tagged_field stop_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_stop_request, name)},
	{TAGGED_ROW_TEXT(2, struct container_stop_request, signal)},
	{TAGGED_ROW_BOOL(3, struct container_stop_request, has_timeout)},
	{TAGGED_ROW_SIGNED(4, struct container_stop_request, timeout, INT32_MIN, INT32_MAX)},
	{0},
};

static const struct tagged_field kill_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_kill_request, name)},
	{TAGGED_ROW_TEXT(2, struct container_kill_request, signal)},
	{0},
};

static const struct tagged_field wait_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_wait_request, name)},
	{TAGGED_ROW_UNSIGNED(2, struct container_wait_request, condition, WAIT_REMOVED)},
	{0},
};

static const struct tagged_field remove_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_remove_request, name)},
	{TAGGED_ROW_BOOL(2, struct container_remove_request, force)},
	{TAGGED_ROW_BOOL(3, struct container_remove_request, volumes)},
	{0},
};

static const struct tagged_field logs_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_logs_request, name)},
	{TAGGED_ROW_BOOL(2, struct container_logs_request, follow)},
	{TAGGED_ROW_BOOL(3, struct container_logs_request, out)},
	{TAGGED_ROW_BOOL(4, struct container_logs_request, err)},
	{TAGGED_ROW_BOOL(5, struct container_logs_request, timestamps)},
	{TAGGED_ROW_BOOL(6, struct container_logs_request, details)},
	{TAGGED_ROW_SIGNED(7, struct container_logs_request, since, INT64_MIN, INT64_MAX)},
	{TAGGED_ROW_SIGNED(8, struct container_logs_request, until, INT64_MIN, INT64_MAX)},
	{TAGGED_ROW_BOOL(9, struct container_logs_request, has_tail)},
	{TAGGED_ROW_UNSIGNED(10, struct container_logs_request, tail, INT64_MAX)},
	{0},
};

static const struct tagged_field attach_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_attach_request, name)},
	{TAGGED_ROW_BOOL(2, struct container_attach_request, stream)},
	{TAGGED_ROW_BOOL(3, struct container_attach_request, logs)},
	{TAGGED_ROW_BOOL(4, struct container_attach_request, in)},
	{TAGGED_ROW_BOOL(5, struct container_attach_request, out)},
	{TAGGED_ROW_BOOL(6, struct container_attach_request, err)},
	{TAGGED_ROW_TEXT(7, struct container_attach_request, detach_keys)},
	{0},
};

static const struct tagged_field resize_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_resize_request, name)},
	{TAGGED_ROW_UNSIGNED(2, struct container_resize_request, rows, TERMINAL_MAX)},
	{TAGGED_ROW_UNSIGNED(3, struct container_resize_request, columns, TERMINAL_MAX)},
	{0},
};

static const struct tagged_field top_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_top_request, name)},
	{TAGGED_ROW_LIST(2, struct container_top_request, arguments)},
	{0},
};

static const struct tagged_field stats_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_stats_request, name)},
	{TAGGED_ROW_BOOL(2, struct container_stats_request, stream)},
	{TAGGED_ROW_BOOL(3, struct container_stats_request, one_shot)},
	{0},
};

static const struct tagged_field archive_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_archive_request, name)},
	{TAGGED_ROW_TEXT(2, struct container_archive_request, path)},
	{TAGGED_ROW_BOOL(3, struct container_archive_request, no_overwrite)},
	{TAGGED_ROW_BOOL(4, struct container_archive_request, copy_owner)},
	{0},
};

static const struct tagged_field rename_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_rename_request, name)},
	{TAGGED_ROW_TEXT(2, struct container_rename_request, new_name)},
	{0},
};

static const struct tagged_field prune_fields[] = {
	{TAGGED_ROW_LIST(1, struct container_prune_request, filters)},
	{0},
};

static const struct tagged_field update_fields[] = {
	{TAGGED_ROW_TEXT(1, struct container_update_request, name)},
	{TAGGED_ROW_UNSIGNED(2, struct container_update_request, fields,
			     (UPDATE_RESTART << 1) - 1)},
	{TAGGED_ROW_STRUCT(3, struct container_update_request, values, container_config_record)},
	{0},
};

#define OPERATION(name_, number_, text, fields_, type)                                             \
	const struct operation operation_container_##name_ = {number_, "container " text, fields_, \
							      sizeof(type)}
#define NAMED(name_, number_, text) \
	OPERATION(name_, number_, text, name_fields, struct container_request)

OPERATION(list, DOCKER_CONTAINER_LIST, "list", list_fields, struct container_list_request);
OPERATION(inspect, DOCKER_CONTAINER_INSPECT, "inspect", inspect_fields,
	  struct container_inspect_request);
OPERATION(create, DOCKER_CONTAINER_CREATE, "create", container_config_record,
	  struct container_config);
NAMED(start, DOCKER_CONTAINER_START, "start");
OPERATION(stop, DOCKER_CONTAINER_STOP, "stop", stop_fields, struct container_stop_request);
OPERATION(restart, DOCKER_CONTAINER_RESTART, "restart", stop_fields, struct container_stop_request);
OPERATION(kill, DOCKER_CONTAINER_KILL, "kill", kill_fields, struct container_kill_request);
OPERATION(wait, DOCKER_CONTAINER_WAIT, "wait", wait_fields, struct container_wait_request);
OPERATION(remove, DOCKER_CONTAINER_REMOVE, "remove", remove_fields,
	  struct container_remove_request);
OPERATION(logs, DOCKER_CONTAINER_LOGS, "logs", logs_fields, struct container_logs_request);
OPERATION(attach, DOCKER_CONTAINER_ATTACH, "attach", attach_fields,
	  struct container_attach_request);
OPERATION(resize, DOCKER_CONTAINER_RESIZE, "resize", resize_fields,
	  struct container_resize_request);
OPERATION(top, DOCKER_CONTAINER_TOP, "top", top_fields, struct container_top_request);
OPERATION(stats, DOCKER_CONTAINER_STATS, "stats", stats_fields, struct container_stats_request);
OPERATION(stat, DOCKER_CONTAINER_STAT, "path stat", archive_fields,
	  struct container_archive_request);
OPERATION(get, DOCKER_CONTAINER_GET, "copy from", archive_fields, struct container_archive_request);
OPERATION(put, DOCKER_CONTAINER_PUT, "copy to", archive_fields, struct container_archive_request);
NAMED(export, DOCKER_CONTAINER_EXPORT, "export");
OPERATION(rename, DOCKER_CONTAINER_RENAME, "rename", rename_fields,
	  struct container_rename_request);
NAMED(pause, DOCKER_CONTAINER_PAUSE, "pause");
NAMED(unpause, DOCKER_CONTAINER_UNPAUSE, "unpause");
NAMED(changes, DOCKER_CONTAINER_CHANGES, "changes");
OPERATION(prune, DOCKER_CONTAINER_PRUNE, "prune", prune_fields, struct container_prune_request);
OPERATION(update, DOCKER_CONTAINER_UPDATE, "update", update_fields,
	  struct container_update_request);
