/*
 * What only kist knows of a place on its command line: names of containers and images that there
 * are, and the words that an option takes (base/complete.h).
 */
#pragma once

#include "base/complete.h"

/* A complete_values. A folder that cannot be read has no names. */
enum complete_more kist_complete(const struct completion *place, FILE *out);
