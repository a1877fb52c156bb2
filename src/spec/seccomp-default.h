/*
 * The default seccomp profile, equal in effect to Docker's (moby/profiles, 2026), with one intended
 * difference: the domain of socket() is compared as the 32 bits that the kernel looks at, so that
 * AF_ALG and AF_VSOCK are refused whatever stands in the upper half of the register.
 */
#pragma once

#include "base/macro.h"
#include "codec/json-write.h"

#include <stdint.h>

/* Writes the object "linux.seccomp" for a container whose bounding set is @capabilities, for the
 * architecture this program was built for. */
void seccomp_default_write(struct json_writer *w, const char *key, uint64_t capabilities);
