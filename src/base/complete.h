/*
 * Shell completion: what may stand in place of the last word of a command line.
 *
 * The line is read by the rules of base/options, from the same tables; the scripts for bash, zsh
 * and fish (tools/completion/) pass the words on and show what comes back. A candidate is a line,
 * its description behind a tab; candidates are not cut to the beginning that was typed, each shell
 * has rules of its own for that. The last line says what else the shell shall do:
 *
 *   :none    nothing          :files   offer files too
 *   :dirs    offer folders    :stay    no space behind a candidate: more follows
 *
 * A candidate that ends with a colon has something following it in any case.
 * A word --name=value is completed as --name=candidate.
 */
#pragma once

#include "base/options.h"

#include <stdio.h>

struct program;

/* Where the last word stands. */
struct completion {
	const struct program *program;
	const struct command *command; /* NULL: before a command */
	const struct option *option;   /* whose value it is, or NULL */
	const char *operand;	       /* otherwise what the usage calls it: "CONTAINER" */
	size_t operand_len;
	const char *word;   /* what is there of it */
	const char *prefix; /* goes before each candidate: "" or "--name=" */
	size_t prefix_len;
	char **globals; /* the words before the command, behind the program's name */
	int global_count;
};

enum complete_more {
	COMPLETE_NONE,
	COMPLETE_FILES,
	COMPLETE_DIRS,
	COMPLETE_STAY,
	COMPLETE_UNKNOWN, /* complete_values: it does not know this place; the usage may */
};

/* Prints the candidates that only the program knows, with complete_candidate(). */
typedef enum complete_more complete_values(const struct completion *place, FILE *out);

/* One candidate; @description may be NULL. A name with a control character is no candidate. */
void complete_candidate(const struct completion *place, FILE *out, const char *word,
			const char *description);
/* The candidates in "a|b|c". */
void complete_choices(const struct completion *place, FILE *out, const char *choices);

/* @words (ends with NULL) is the line behind the program's name. */
void complete(const struct program *program, complete_values *values, char **words, FILE *out);
