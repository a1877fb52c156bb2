/*
 * What the verbs of `kist` share: where the state is, and how a failure is told.
 *
 * A verb is one file that exports one struct command; main.c lists them. Results go to stdout,
 * everything else to stderr. Exit statuses are Docker's: 1 when the verb failed, 125 when it was
 * called wrongly, and what run, exec and wait say of a container.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/options.h"
#include "io/root.h"

#define KIST_FAILED 1
#define KIST_MISUSE 125

/* The global options: the context of every invocation. */
struct kist {
	const char *dir; /* --root; NULL: the default */
	const char *run; /* --runroot; likewise */
	bool version;
};

/* Opens the folders that the global options name. */
int kist_root_open(const struct invocation *invocation, struct root *ret,
		   struct error *err) MUST_CHECK;

/* Says "Error: why" on stderr, behind whatever stdout has to say first. Returns KIST_FAILED. */
int kist_fail(const struct error *err);

/* The verbs, one file each. */
extern const struct command command_cleanup;
extern const struct command command_create;
extern const struct command command_exec;
extern const struct command command_kill;
extern const struct command command_restart;
extern const struct command command_rm;
extern const struct command command_run_verb;
extern const struct command command_start;
extern const struct command command_stop;
extern const struct command command_version;
extern const struct command command_wait;
