/*
 * A program as a table of tables: its global options, its commands and their groups.
 *
 * What a user meets before a verb runs comes from here: the word for an unknown command, the
 * candidates of shell completion, and the description from which the manual pages are made. Both
 * of the latter are asked for by a first word that nobody types by accident:
 *
 *   PROGRAM __complete WORD...   what may stand in place of the last WORD (base/complete.h)
 *   PROGRAM __describe           all tables, a line each, for tools/gen-man.py
 */
#pragma once

#include "base/complete.h"
#include "base/macro.h"
#include "base/options.h"

#include <stdbool.h>
#include <stdio.h>

struct command_group {
	const char *name; /* NULL ends the table */
	const char *summary;
	const struct command *const *commands; /* ends with NULL */
};

struct program {
	const char *name;
	const char *usage;
	const char *summary;
	const struct option *options;	       /* the global ones */
	const struct command *const *commands; /* ends with NULL; NULL: there are none */
	const struct command_group *groups;    /* NULL: there are none */
};

/* The group called @name, or NULL. */
const struct command_group *program_group(const struct program *program, const char *name);

/*
 * Says on stderr that @name is no command, and which one is nearest: one sentence. @group is the
 * group that was named before, or NULL.
 */
void program_unknown(const struct program *program, const struct command_group *group,
		     const char *name);

/*
 * Answers argv[1..] if it begins with one of the words above: results on stdout, true. @values says
 * what is known only when the program runs (names of containers); may be NULL.
 */
bool program_answer(const struct program *program, complete_values *values, int argc, char **argv);

/*
 * The description, a line each, fields between tabs, in the order of the tables:
 *
 *   program  name summary usage
 *   group    name summary
 *   command  path alias usage summary   path: "run", "container inspect"
 *   member   group name path            the command that "kist GROUP NAME" is
 *   option   path letter name kind argument help   path is empty for a global option
 *
 * Hidden commands are left out.
 */
void program_describe(FILE *out, const struct program *program);
