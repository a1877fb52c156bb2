/*
 * What can be asked of networks and volumes.
 */
#pragma once

#include "api/operation.h"
#include "base/strv.h"

#include <stdbool.h>

struct list_request {
	struct strv filters;
};

struct object_request {
	char *name;
	bool force;
};

extern const struct operation operation_network_list;	 /* struct list_request */
extern const struct operation operation_network_inspect; /* struct object_request, as all below */
extern const struct operation operation_volume_list;	 /* struct list_request */
extern const struct operation operation_volume_inspect;
extern const struct operation operation_volume_create;
extern const struct operation operation_volume_remove;
