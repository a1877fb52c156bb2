/*
 * What the runtime does between the birth of the child and its first step, where it has anything to
 * do: map ids, move the child into its cgroup, give it interfaces of the host's. The child waits
 * for gate_open().
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "runtime/spawn-init.h"

int gate_open(const struct init *init, const struct init_child *child,
	      struct error *err) MUST_CHECK;
