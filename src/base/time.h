/*
 * Times and sizes as people and Docker's API write them. Wall-clock times are nanoseconds since
 * 1970 (int64_t, 0 means "never"); durations for waiting come from time_monotonic().
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>

#define TIME_SECOND INT64_C(1000000000)

int64_t time_now(void);
int64_t time_monotonic(void);

/* RFC 3339 in UTC, Go's RFC3339Nano (no trailing zeros): "2026-11-22T10:11:12.5Z". 0 is Go's zero
 * time "0001-01-01T00:00:00Z". @buf needs TIME_TEXT_SIZE bytes. Returns @buf. */
#define TIME_TEXT_SIZE 36
char *time_format(int64_t ns, char *buf);
/* The fixed-width form of log files: always nine places. */
char *time_format_fixed(int64_t ns, char *buf);
/* Reads either form, with Z or an offset. Returns 0 or -EINVAL. */
int time_parse(const char *s, int64_t *ret) MUST_CHECK;

/* Docker's HumanDuration: "Less than a second", "5 seconds", "About a minute", "3 weeks". */
#define TIME_HUMAN_SIZE 32
char *time_human(int64_t duration_ns, char *buf);
/* Docker's HumanSize, powers of 1000: "4.26MB" with three @digits, which listings show; progress
 * shows four. @buf as for time_human. */
char *size_human(uint64_t bytes, int digits, char *buf);
