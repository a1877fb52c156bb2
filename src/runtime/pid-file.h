/*
 * --pid-file: the number of a container's process, for the caller; whole or absent.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#include <sys/types.h>

/* A NULL @path writes nothing. Relative paths are the caller's. */
int pid_file_write(const char *path, pid_t pid, struct error *err) MUST_CHECK;
