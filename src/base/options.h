/*
 * Command lines as data.
 *
 * A verb is one struct command: its name, its option table and the function that runs it. The
 * parser,
 * --help, shell completion and the manual page all come from the table. Values are written into a
 * structure of the verb's own, at the offset that the option names: OPTION_BOOL a bool,
 * OPTION_SWITCH an int (0: not given, 1: true, -1: false), OPTION_STRING a const char * (points
 * into argv), OPTION_LIST a struct strv.
 *
 * Semantics are those of Docker's command line (pflag): --name=value, --name value, -n value,
 * -nvalue, bundled letters, --flag=false, "--" ends options; a command with COMMAND_STOP_AT_OPERAND
 * ends them at its first operand (run, exec, create). A misuse prints one sentence and "See 'prog
 * verb --help'." to stderr; the caller exits with 125, and with 1 where operands are too few or too
 * many.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_kind {
	OPTION_BOOL,
	OPTION_SWITCH, /* a bool whose default is for the verb to say */
	OPTION_STRING,
	OPTION_LIST,
};

struct option {
	const char *name; /* without dashes; NULL ends the table */
	char letter;	  /* 0: none */
	enum option_kind kind;
	size_t offset;	      /* of the field in the verb's structure */
	const char *argument; /* what help calls the value: "string", "list", "bytes"; NULL for
				 flags */
	const char *help;
};

enum command_flags {
	COMMAND_STOP_AT_OPERAND = 1 << 0,
	COMMAND_HIDDEN = 1 << 1, /* not in the list of commands: called by our own programs */
};

/* Where a command was found and what stood after its options. */
struct invocation {
	const char *program; /* "kist" */
	const struct command *command;
	char **operands; /* NULL-terminated, points into argv */
	size_t operand_count;
	void *context; /* the program's own: what its global options gave */
};

struct command {
	const char *name;
	const char *alias;   /* second name, or NULL */
	const char *usage;   /* what follows the name: "[OPTIONS] IMAGE [COMMAND] [ARG...]" */
	const char *summary; /* one sentence without full stop */
	const struct option *options; /* ends with an option whose name is NULL; may be NULL */
	size_t values_size;	      /* of the structure that the options write into */
	size_t operands_min;
	size_t operands_max; /* OPERANDS_ANY: no bound */
	unsigned flags;	     /* enum command_flags */
	/* @values is zeroed before parsing, and released (lists freed) after. Returns the exit
	 * status. */
	int (*run)(const struct invocation *invocation, void *values);
};

#define OPERANDS_ANY ((size_t)-1)

/*
 * Parses argv[1..] against @options into @values; stops behind the options.
 *
 * Returns the index of the first operand with operands moved together behind the options (argv is
 * permuted), or -EINVAL after printing the sentence to stderr, or -ECANCELED when --help or -h was
 * given (nothing printed). @what is what the sentence calls the command: "kist run".
 */
int options_parse(const char *what, const struct option *options, unsigned flags, void *values,
		  int argc, char **argv) MUST_CHECK;

/* Frees the lists that options_parse filled. */
void options_release(const struct option *options, void *values);

/* Prints the option table, a line each. */
void options_list(FILE *out, const struct option *options);

/* Prints usage, summary and the option table of one command. */
void options_help(FILE *out, const char *program, const struct command *command);

/* The command called @name in @commands (ends with name NULL), or NULL. */
const struct command *command_find(const struct command *const *commands, const char *name);

/* The command whose name is nearest to @name, or NULL if none is near. */
const struct command *command_nearest(const struct command *const *commands, const char *name);

/*
 * Parses and runs @command with argv[0] being its name. Returns its exit status; 125 or 1 for
 * misuse.
 * @context goes into the invocation.
 */
int command_run(const char *program, const struct command *command, void *context, int argc,
		char **argv);
