/*
 * Limits that this machine may not have, and those on devices.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "base/strv.h"
#include "engine/container/config.h"

/*
 * At creation: what this kernel has no controller for is taken out of @config with one of Docker's
 * warnings ("Your kernel does not support ... discarded."), CPUs and memory nodes that it does not
 * have are refused: ERROR_INVALID "Requested CPUs are not available ...". Costs nothing where
 * nothing is asked for.
 */
int host_limits_adapt(struct container_config *config, struct strv *warnings,
		      struct error *err) MUST_CHECK;

/* At a start: appends the OCI object "blockIO" to @out, or nothing. */
int host_limits_block_io(const struct container_isolation *isolation, struct str *out,
			 struct error *err) MUST_CHECK;
