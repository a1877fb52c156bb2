/*
 * Capability sets of the calling process, as masks of 64 bits.
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>

struct caps {
	uint64_t bounding;
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

/* The part of @mask that is in the bounding set. */
uint64_t caps_bounded(uint64_t mask);

/* Takes all that is not in @mask out of the bounding set. Needs CAP_SETPCAP. */
int caps_set_bounding(uint64_t mask) MUST_CHECK;

/* Sets the other four, ambient last. */
int caps_set(const struct caps *caps) MUST_CHECK;
