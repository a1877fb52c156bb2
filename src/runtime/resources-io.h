/*
 * Limits of block devices, huge pages, RDMA devices and network classes, in a cgroup. Private to
 * runtime/.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "kern/cgroup.h"
#include "spec/runtime-config.h"

int resources_apply_io(const struct cgroup *cgroup, const struct runtime_resources *resources,
		       struct error *err) MUST_CHECK;

/* Writes one file; the error says what is missing: the controller, or the limit. */
int resources_set(const struct cgroup *cgroup, const char *controller, const char *file,
		  const char *text, struct error *err) MUST_CHECK;
