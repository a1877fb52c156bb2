/*
 * The record of an exec (exec.json): written once, when it is created. Internal to the engine.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "engine/container/exec.h"

#include <stddef.h>

#define EXEC_RECORD_MAX (4 << 20)

void exec_record_write(const struct exec_config *config, struct str *out);
/* ERROR_CORRUPT. @ret is initialised here, and the caller's to release on success. */
int exec_record_read(const char *text, size_t len, struct exec_config *ret,
		     struct error *err) MUST_CHECK;
