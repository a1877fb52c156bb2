/*
 * Hooks: programs of the caller's, run at fixed points with the container's state on stdin.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/runtime-config.h"

/*
 * Runs those of one kind, one after the other, with @state on stdin, and no descriptors but stdout
 * and stderr. The first that fails, or takes longer than its timeout, ends it. A hook without "env"
 * has the runtime's own environment, as in runc.
 */
int hooks_run(const struct runtime_config *config, enum runtime_hook_kind kind, const char *state,
	      struct error *err) MUST_CHECK;

/* The same for startContainer: the programs are the container's, which could be links to ourselves
 * (CVE-2019-5736), so they are executed by way of @trampoline_fd (kern/trampoline.h). Without "env"
 * they have that of the process, @env. */
int hooks_run_inside(const struct runtime_config *config, const char *state, char *const *env,
		     int trampoline_fd, struct error *err) MUST_CHECK;

/* The same for those after the end, which cannot undo anything: all are run, @warn is told of each
 * that fails. */
void hooks_run_all(const struct runtime_config *config, enum runtime_hook_kind kind,
		   const char *state, void (*warn)(const char *sentence));
