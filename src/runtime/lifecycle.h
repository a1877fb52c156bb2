/*
 * What is done with a container that is there: signals, removal, pause.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#include <stdbool.h>
#include <sys/types.h>

/* "TERM", "SIGTERM", "15" -> number, or -EINVAL. */
int lifecycle_parse_signal(const char *text) MUST_CHECK;

/* To its process, or to all in its cgroup. ERROR_CONFLICT if it does not run. */
int lifecycle_kill(int root_fd, const char *id, int signal, bool all, struct error *err) MUST_CHECK;

/*
 * Removes cgroup and state of a container that has stopped. With @force whatever state it is in,
 * half made included: everything in its cgroup is killed first, and a container that is not there
 * is fine.
 */
int lifecycle_delete(int root_fd, const char *id, bool force, void (*warn)(const char *sentence),
		     struct error *err) MUST_CHECK;

int lifecycle_pause(int root_fd, const char *id, bool pause, struct error *err) MUST_CHECK;
