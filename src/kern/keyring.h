/* The session keyring of the calling process (keyrings(7)). */
#pragma once

#include "base/macro.h"

/* Joins a new session keyring called @name, so that the caller's keys are out of reach. -ENOSYS:
 * the kernel has no keyrings. */
int keyring_join(const char *name) MUST_CHECK;
