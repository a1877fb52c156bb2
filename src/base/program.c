#include "base/program.h"

#include "base/str.h"

#include <string.h>

const struct command_group *program_group(const struct program *program, const char *name)
{
	for (const struct command_group *g = program->groups; g && g->name; g++)
		if (STREQ(g->name, name))
			return g;
	return NULL;
}

/* What "did you mean" offers: a command, or where no group was named yet, a group. */
static const char *nearest(const struct program *program, const struct command_group *group,
			   const char *name)
{
	const struct command *command =
		command_nearest(group ? group->commands : program->commands, name);
	const char *found = command ? command->name : NULL;
	size_t best = found ? str_distance(found, name) : str_near(name) + 1;

	for (const struct command_group *g = group ? NULL : program->groups; g && g->name; g++) {
		size_t distance = str_distance(g->name, name);

		if (distance < best) {
			best = distance;
			found = g->name;
		}
	}
	return found;
}

void program_unknown(const struct program *program, const struct command_group *group,
		     const char *name)
{
	const char *space = group ? " " : "", *within = group ? group->name : "";
	const char *near = nearest(program, group, name);

	(void)fprintf(stderr, "%s: '%s' is not a %s%s%s command.", program->name, name,
		      program->name, space, within);
	if (near)
		(void)fprintf(stderr, " Did you mean '%s'?", near);
	(void)fprintf(stderr, " See '%s%s%s --help'\n", program->name, space, within);
}

bool program_answer(const struct program *program, complete_values *values, int argc, char **argv)
{
	if (argc >= 2 && STREQ(argv[1], "__complete"))
		complete(program, values, argv + 2, stdout);
	else if (argc == 2 && STREQ(argv[1], "__describe"))
		program_describe(stdout, program);
	else
		return false;
	return true;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void describe_options(FILE *out, const char *group, const char *path,
			     const struct option *options)
{
	static const char *const kinds[] = {
		[OPTION_BOOL] = "flag",
		[OPTION_SWITCH] = "switch",
		[OPTION_STRING] = "string",
		[OPTION_LIST] = "list",
	};

	for (const struct option *o = options; o && o->name; o++) {
		char letter[2] = {o->letter, '\0'};

		(void)fprintf(out, "option\t%s%s%s\t%s\t%s\t%s\t%s\t%s\n", group, *group ? " " : "",
			      path, letter, o->name, kinds[o->kind], text(o->argument),
			      text(o->help));
	}
}

static void describe_command(FILE *out, const char *group, const struct command *command)
{
	(void)fprintf(out, "command\t%s%s%s\t%s\t%s\t%s\n", group, *group ? " " : "", command->name,
		      text(command->alias), command->usage, command->summary);
	describe_options(out, group, command->name, command->options);
}

/* The command without a group that does the same, or NULL. */
static const struct command *same(const struct program *program, const struct command *command)
{
	for (const struct command *const *c = program->commands; *c; c++)
		if (!((*c)->flags & COMMAND_HIDDEN) && (*c)->run == command->run &&
		    (*c)->options == command->options)
			return *c;
	return NULL;
}

static void describe_group(FILE *out, const struct program *program,
			   const struct command_group *group)
{
	(void)fprintf(out, "group\t%s\t%s\n", group->name, group->summary);
	for (const struct command *const *c = group->commands; *c; c++) {
		const struct command *flat = same(program, *c);

		if ((*c)->flags & COMMAND_HIDDEN)
			continue;
		if (!flat)
			describe_command(out, group->name, *c);
		(void)fprintf(out, "member\t%s\t%s\t%s%s%s\n", group->name, (*c)->name,
			      flat ? "" : group->name, flat ? "" : " ",
			      flat ? flat->name : (*c)->name);
	}
}

void program_describe(FILE *out, const struct program *program)
{
	(void)fprintf(out, "program\t%s\t%s\t%s\n", program->name, program->summary,
		      program->usage);
	describe_options(out, "", "", program->options);
	for (const struct command *const *c = program->commands; c && *c; c++)
		if (!((*c)->flags & COMMAND_HIDDEN))
			describe_command(out, "", *c);
	for (const struct command_group *g = program->groups; g && g->name; g++)
		describe_group(out, program, g);
}
