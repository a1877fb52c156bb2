/*
 * What can be asked of the engine as a whole.
 */
#pragma once

#include "api/operation.h"

extern const struct operation operation_version;
extern const struct operation operation_info;

struct disk_usage_request {
	bool images, containers, volumes, build_cache;
};

extern const struct operation operation_disk_usage;
