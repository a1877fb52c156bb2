/*
 * Linux capabilities by name, as configurations write them ("CAP_CHOWN"). Sets are bit masks.
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>

#define CAPABILITY_COUNT 41 /* CAP_CHECKPOINT_RESTORE, Linux 5.9, is the last one */
#define CAPABILITY_ALL	 ((UINT64_C(1) << CAPABILITY_COUNT) - 1)

/* "CAP_CHOWN" for 0 ...; NULL beyond the last one known. */
const char *capability_name(unsigned number);

/* With or without "CAP_", upper or lower case. Returns the number or -EINVAL. */
int capability_parse(const char *name) MUST_CHECK;
