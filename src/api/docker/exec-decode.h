/*
 * Requests about executed processes, decoded: for the door's table of routes.
 */
#pragma once

#include "api/request.h"

int decode_exec_create(const struct request *request, void *values, struct error *err);
int decode_exec_start(const struct request *request, void *values, struct error *err);
int decode_exec_inspect(const struct request *request, void *values, struct error *err);
int decode_exec_resize(const struct request *request, void *values, struct error *err);
