/*
 * linux.resources onto a cgroup, v1 or v2.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "kern/cgroup.h"
#include "spec/runtime-config.h"

/* Errors name the limit and the file; ERROR_UNSUPPORTED where this machine lacks the controller. */
int resources_apply(const struct cgroup *cgroup, const struct runtime_resources *resources,
		    struct error *err) MUST_CHECK;

/* The rules for device nodes, refusing what none allows, with the default devices at the end. */
int resources_apply_devices(const struct cgroup *cgroup, const struct runtime_resources *resources,
			    struct error *err) MUST_CHECK;
