/*
 * GET /events, decoded: for the door's table of routes.
 */
#pragma once

#include "api/request.h"

int decode_events(const struct request *request, void *values, struct error *err);
