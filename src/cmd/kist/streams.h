/*
 * The caller's own streams, for the verbs that attach: run, start, attach, exec.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/attach.h"

/*
 * Completes @options for a process with a terminal or without: which of our descriptors is the
 * terminal to be made raw. ERROR_INVALID "the input device is not a TTY".
 */
int streams_check(struct attach_options *options, bool tty, struct error *err) MUST_CHECK;

/* What a command that was attached to @name ends with; says on stderr what the user cannot see. */
int streams_exit_status(const struct attach_result *result, const char *name);
