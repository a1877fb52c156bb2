#include "api/docker/network-request.h"

#include "api/docker/operations.h"

static const struct tagged_field list_fields[] = {
	{TAGGED_ROW_LIST(1, struct list_request, filters)},
	{0},
};

static const struct tagged_field object_fields[] = {
	{TAGGED_ROW_TEXT(1, struct object_request, name)},
	{TAGGED_ROW_BOOL(2, struct object_request, force)},
	{0},
};

#define LIST(number, text)                                             \
	{                                                              \
		number, text, list_fields, sizeof(struct list_request) \
	}
#define OBJECT(number, text)                                               \
	{                                                                  \
		number, text, object_fields, sizeof(struct object_request) \
	}

const struct operation operation_network_list = LIST(DOCKER_NETWORK_LIST, "network list");
const struct operation operation_network_inspect =
	OBJECT(DOCKER_NETWORK_INSPECT, "network inspect");
const struct operation operation_volume_list = LIST(DOCKER_VOLUME_LIST, "volume list");
const struct operation operation_volume_inspect = OBJECT(DOCKER_VOLUME_INSPECT, "volume inspect");
const struct operation operation_volume_create = OBJECT(DOCKER_VOLUME_CREATE, "volume create");
const struct operation operation_volume_remove = OBJECT(DOCKER_VOLUME_REMOVE, "volume remove");
