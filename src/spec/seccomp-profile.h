/*
 * Seccomp profiles as users of Docker write them (`--security-opt seccomp=FILE`): the OCI object
 * "linux.seccomp" with rules that depend on the container and the machine ("includes", "excludes":
 * capabilities, architectures, kernel version) and architectures by their native one ("archMap").
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

#define SECCOMP_PROFILE_MAX (1024 * 1024)

/* What the conditions of rules are about. */
struct seccomp_target {
	uint64_t capabilities;	/* the container's bounding set */
	unsigned kernel, major; /* 6 and 1 for Linux 6.1.0 */
};

/*
 * Appends the OCI object to @out; nothing if the profile has neither a default action nor rules,
 * which is how one says that there is to be none. ERROR_INVALID in Docker's words. Names of
 * actions, architectures and calls are for the runtime to know.
 */
int seccomp_profile_convert(const char *text, size_t len, const struct seccomp_target *target,
			    struct str *out, struct error *err) MUST_CHECK;
