/*
 * Waiting for a container's process in its stead: signals that reach us are passed on to it, and
 * its terminal, if it has one of ours.
 */
#pragma once

#include "base/macro.h"
#include "runtime/console.h"

/* Returns the exit status, or 128 + signal, or -errno. The process must be a child of ours.
 * @console has a master, or is as console_init() left it. */
int foreground_wait(int pid_fd, struct console *console) MUST_CHECK;
