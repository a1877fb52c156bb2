#include "api/docker/system-request.h"

#include "api/docker/operations.h"

const struct operation operation_version = {.number = DOCKER_VERSION, .name = "version"};
const struct operation operation_info = {.number = DOCKER_INFO, .name = "info"};
