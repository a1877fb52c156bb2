/*
 * Requests about networks and volumes, decoded: for the door's table of routes.
 */
#pragma once

#include "api/request.h"

int decode_list(const struct request *request, void *values, struct error *err);
int decode_object(const struct request *request, void *values, struct error *err);
int decode_volume_create(const struct request *request, void *values, struct error *err);
