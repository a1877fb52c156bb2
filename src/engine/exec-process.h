/*
 * The OCI process of an exec: what the runtime's `exec --process` reads. Internal to the engine.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "engine/container/container.h"
#include "engine/container/exec.h"

#define EXEC_SIZE_MAX 65535U

/* Looks its user up in the running container. */
int exec_process_write(const struct container *container, const struct exec_config *config,
		       struct str *out, struct error *err) MUST_CHECK;
