/*
 * Security modules: whether this kernel has the one that a label or profile is meant for.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/runtime-config.h"

/* ERROR_UNSUPPORTED where the process asks for a label that nobody here would enforce. */
int labels_check(const struct runtime_process *process, struct error *err) MUST_CHECK;

/* The same for what the whole configuration asks for and this runtime does not do. */
int labels_check_config(const struct runtime_config *config, struct error *err) MUST_CHECK;
