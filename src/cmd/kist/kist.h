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
#include "engine/engine.h"

#include <stdbool.h>

#define KIST_FAILED 1
#define KIST_MISUSE 125

/* The global options: the context of every invocation. */
struct kist {
	const char *dir; /* --root; NULL: the default */
	const char *run; /* --runroot; likewise */
	bool version;
};

/* Opens the engine in the folders that the global options name. */
int kist_engine_open(const struct invocation *invocation, struct engine *ret,
		     struct error *err) MUST_CHECK;

/* A line on stderr. Names from images and registries are in such lines, and none of them speaks to
 * the terminal: control characters come as octal. */
void kist_say(const char *prefix, const char *text);

/* The same without a line's end, on stdout. */
void kist_print(const char *text);

/* Says "Error: why" on stderr, behind whatever stdout has to say first. Returns KIST_FAILED. */
int kist_fail(const struct error *err);
/* The same for a value of an option that makes no sense. Returns KIST_MISUSE. */
int kist_misuse(const struct error *err);

/* What images call a machine: "x86_64" is "amd64". */
const char *kist_architecture(const char *machine);

/* The verbs, one file each. */
extern const struct command command_attach;
extern const struct command command_cleanup;
extern const struct command command_container_inspect;
extern const struct command command_container_prune;
extern const struct command command_cp;
extern const struct command command_create;
extern const struct command command_diff;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_image_inspect;
extern const struct command command_images;
extern const struct command command_import;
extern const struct command command_info;
extern const struct command command_inspect;
extern const struct command command_kill;
extern const struct command command_load;
extern const struct command command_logs;
extern const struct command command_pause;
extern const struct command command_port;
extern const struct command command_ps;
extern const struct command command_pull;
extern const struct command command_rename;
extern const struct command command_restart;
extern const struct command command_rm;
extern const struct command command_rmi;
extern const struct command command_run_verb;
extern const struct command command_start;
extern const struct command command_stats;
extern const struct command command_stop;
extern const struct command command_tag;
extern const struct command command_top;
extern const struct command command_unpause;
extern const struct command command_update;
extern const struct command command_version;
extern const struct command command_wait;
