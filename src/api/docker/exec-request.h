/*
 * What can be asked of processes that are executed in containers.
 */
#pragma once

#include "api/operation.h"
#include "engine/container/exec.h"

struct exec_create_request {
	char *name;		   /* of the container */
	struct exec_config config; /* but for stdio */
};

struct exec_start_request {
	char *id;
	bool detach;
};

struct exec_inspect_request {
	char *id;
};

struct exec_resize_request {
	char *id;
	unsigned rows, columns;
};

extern const struct operation operation_exec_create;
extern const struct operation operation_exec_start;
extern const struct operation operation_exec_inspect;
extern const struct operation operation_exec_resize;
