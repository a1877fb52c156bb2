#include "api/docker/system-request.h"

#include "api/docker/operations.h"

const struct operation operation_version = {.number = DOCKER_VERSION, .name = "version"};
const struct operation operation_info = {.number = DOCKER_INFO, .name = "info"};

static const struct tagged_field disk_usage_record[] = {
	{TAGGED_ROW_BOOL(1, struct disk_usage_request, images)},
	{TAGGED_ROW_BOOL(2, struct disk_usage_request, containers)},
	{TAGGED_ROW_BOOL(3, struct disk_usage_request, volumes)},
	{TAGGED_ROW_BOOL(4, struct disk_usage_request, build_cache)},
	{0},
};

const struct operation operation_disk_usage = {
	.number = DOCKER_DISK_USAGE,
	.name = "system df",
	.record = disk_usage_record,
	.size = sizeof(struct disk_usage_request),
};
