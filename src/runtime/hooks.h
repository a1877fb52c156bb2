/*
 * Hooks: programs of the caller's, run at fixed points with the container's state on stdin.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/runtime-config.h"

/* Runs them one after the other with @state on stdin, and no descriptors but stdout and stderr. The
 * first that fails, or takes longer than its timeout, ends it. */
int hooks_run(const struct runtime_hooks *hooks, const char *state, struct error *err) MUST_CHECK;
