/*
 * What listings of containers can be filtered by: --filter of `kist ps`, filters of GET
 * /containers/json.
 */
#pragma once

#include "api/docker/filter.h"

extern const struct filter container_filters[]; /* of struct container */
