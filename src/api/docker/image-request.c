#include "api/docker/image-request.h"

#include "api/docker/operations.h"

static const struct tagged_field name_fields[] = {
	{TAGGED_ROW_TEXT(1, struct image_request, name)},
	{0},
};

static const struct tagged_field list_fields[] = {
	{TAGGED_ROW_LIST(1, struct image_list_request, filters)},
	{0},
};

static const struct tagged_field create_fields[] = {
	{TAGGED_ROW_BOOL(1, struct image_create_request, import)},
	{TAGGED_ROW_TEXT(2, struct image_create_request, name)},
	{TAGGED_ROW_TEXT(3, struct image_create_request, platform)},
	{TAGGED_ROW_TEXT(4, struct image_create_request, username)},
	{TAGGED_ROW_TEXT(5, struct image_create_request, secret)},
	{TAGGED_ROW_TEXT(6, struct image_create_request, message)},
	{TAGGED_ROW_LIST(7, struct image_create_request, changes)},
	{0},
};

static const struct tagged_field tag_fields[] = {
	{TAGGED_ROW_TEXT(1, struct image_tag_request, name)},
	{TAGGED_ROW_TEXT(2, struct image_tag_request, target)},
	{0},
};

static const struct tagged_field remove_fields[] = {
	{TAGGED_ROW_TEXT(1, struct image_remove_request, name)},
	{TAGGED_ROW_BOOL(2, struct image_remove_request, force)},
	{0},
};

#define OPERATION(name_, number_, text, fields_, type)                                     \
	const struct operation operation_image_##name_ = {number_, "image " text, fields_, \
							  sizeof(type)}

OPERATION(list, DOCKER_IMAGE_LIST, "list", list_fields, struct image_list_request);
OPERATION(inspect, DOCKER_IMAGE_INSPECT, "inspect", name_fields, struct image_request);
OPERATION(history, DOCKER_IMAGE_HISTORY, "history", name_fields, struct image_request);
OPERATION(create, DOCKER_IMAGE_CREATE, "create", create_fields, struct image_create_request);
OPERATION(tag, DOCKER_IMAGE_TAG, "tag", tag_fields, struct image_tag_request);
OPERATION(remove, DOCKER_IMAGE_REMOVE, "remove", remove_fields, struct image_remove_request);
OPERATION(prune, DOCKER_IMAGE_PRUNE, "prune", list_fields, struct image_list_request);

const struct operation operation_image_load = {.number = DOCKER_IMAGE_LOAD, .name = "image load"};
