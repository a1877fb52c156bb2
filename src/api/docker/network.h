/*
 * /networks: the three there are.
 */
#pragma once

#include "api/call.h"

int network_call_list(struct call *call, const void *values, struct error *err);
int network_call_inspect(struct call *call, const void *values, struct error *err);
