#include "api/docker/exec-request.h"

#include "api/docker/operations.h"

static const struct tagged_field create_fields[] = {
	{TAGGED_ROW_TEXT(1, struct exec_create_request, name)},
	{TAGGED_ROW_LIST(2, struct exec_create_request, config.command)},
	{TAGGED_ROW_LIST(3, struct exec_create_request, config.env)},
	{TAGGED_ROW_TEXT(4, struct exec_create_request, config.user)},
	{TAGGED_ROW_TEXT(5, struct exec_create_request, config.working_dir)},
	{TAGGED_ROW_BOOL(6, struct exec_create_request, config.privileged)},
	{TAGGED_ROW_BOOL(7, struct exec_create_request, config.tty)},
	{TAGGED_ROW_BOOL(8, struct exec_create_request, config.open_stdin)},
	{TAGGED_ROW_BOOL(9, struct exec_create_request, config.attach_out)},
	{TAGGED_ROW_BOOL(10, struct exec_create_request, config.attach_err)},
	{TAGGED_ROW_TEXT(11, struct exec_create_request, config.detach_keys)},
	{TAGGED_ROW_UNSIGNED(12, struct exec_create_request, config.rows, UINT16_MAX)},
	{TAGGED_ROW_UNSIGNED(13, struct exec_create_request, config.columns, UINT16_MAX)},
	{0},
};

static const struct tagged_field start_fields[] = {
	{TAGGED_ROW_TEXT(1, struct exec_start_request, id)},
	{TAGGED_ROW_BOOL(2, struct exec_start_request, detach)},
	{0},
};

static const struct tagged_field inspect_fields[] = {
	{TAGGED_ROW_TEXT(1, struct exec_inspect_request, id)},
	{0},
};

static const struct tagged_field resize_fields[] = {
	{TAGGED_ROW_TEXT(1, struct exec_resize_request, id)},
	{TAGGED_ROW_UNSIGNED(2, struct exec_resize_request, rows, UINT16_MAX)},
	{TAGGED_ROW_UNSIGNED(3, struct exec_resize_request, columns, UINT16_MAX)},
	{0},
};

const struct operation operation_exec_create = {DOCKER_EXEC_CREATE, "exec create", create_fields,
						sizeof(struct exec_create_request)};
const struct operation operation_exec_start = {DOCKER_EXEC_START, "exec start", start_fields,
					       sizeof(struct exec_start_request)};
const struct operation operation_exec_inspect = {
	DOCKER_EXEC_INSPECT, "exec inspect", inspect_fields, sizeof(struct exec_inspect_request)};
const struct operation operation_exec_resize = {DOCKER_EXEC_RESIZE, "exec resize", resize_fields,
						sizeof(struct exec_resize_request)};
