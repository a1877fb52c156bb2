/*
 * For the door: what is asked of the engine as a whole, from the query.
 */
#pragma once

#include "api/request.h"
#include "base/macro.h"

int decode_disk_usage(const struct request *request, void *values, struct error *err) MUST_CHECK;
