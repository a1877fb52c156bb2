/*
 * Words that listings share.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "base/strv.h"

#include <stdint.h>

#define ID_SHORT 12

/* "5 minutes ago"; owned by the caller. */
char *list_ago(int64_t time) MUST_CHECK;
/* Local time as Go prints it: "2026-11-22 10:11:12 +0000 UTC"; owned by the caller. */
char *list_time(int64_t time) MUST_CHECK;
/* Sorted and joined by commas; owned by the caller. */
char *list_join(const struct strv *list) MUST_CHECK;
/* As it is if @whole, else twelve digits without "sha256:". Owned by the caller. */
char *list_id(const char *id, bool whole) MUST_CHECK;
