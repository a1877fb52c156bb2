/*
 * kist-runtime: what its verbs share.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/options.h"

#include <stdbool.h>

#define RUNTIME_FAILED	    1
#define RUNTIME_EXEC_FAILED 255 /* what exec itself answers with, as runc does */

/* The global options, and what they lead to; the context of every verb. */
struct runtime {
	const char *root;
	const char *log;
	const char *log_format;
	const char *log_level;
	const char *rootless;
	const char *cgroup_manager;
	bool debug;
	bool systemd_cgroup;
	bool version;
	int root_fd; /* open once runtime_open() has returned 0 */
};

/* Opens the root folder. */
int runtime_open(struct runtime *runtime, struct error *err) MUST_CHECK;

/* Says the error on stderr and in the log, and returns @status. */
int runtime_fail(const struct error *err, int status);

/* Says a warning in the log, or on stderr if there is none. */
void runtime_warn(const char *sentence);

/* Says what is being done, in the log, or on stderr if there is none. */
void runtime_debug(const char *sentence);

extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_features;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_pause;
extern const struct command command_ps;
extern const struct command command_resume;
extern const struct command command_run_container;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_update;
