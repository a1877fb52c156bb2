/*
 * GET /version, GET /info, GET /system/df.
 */
#pragma once

#include "api/call.h"

int system_version(struct call *call, const void *values, struct error *err) MUST_CHECK;
int system_info(struct call *call, const void *values, struct error *err) MUST_CHECK;
int system_disk_usage(struct call *call, const void *values, struct error *err) MUST_CHECK;
