/*
 * Waiting for a container's process in its stead: signals that reach us are passed on to it.
 */
#pragma once

#include "base/macro.h"

/* Returns the exit status, or 128 + signal, or -errno. The process must be a child of ours. */
int foreground_wait(int pid_fd) MUST_CHECK;
