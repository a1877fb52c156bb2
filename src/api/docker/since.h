/*
 * Points in time as users give them to --since and --until.
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>

/*
 * "2026-11-22T10:11:12.5Z", without zone in local time, "2026-11-22", seconds since 1970
 * ("1763806272.25"), or how long before @now ("1h30m", "10s"). 0 or -EINVAL.
 */
int since_parse(const char *text, int64_t now, int64_t *ret) MUST_CHECK;
