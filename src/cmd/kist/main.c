/*
 * kist: the command line.
 *
 * Finds the verb and runs it; nothing is opened before a verb asks for it. Verbs have the flat
 * names of Docker ("ps", "rmi") and the grouped ones ("container ls", "image rm").
 */
#include "base/macro.h"
#include "base/options.h"
#include "base/program.h"
#include "cmd/kist/complete.h"
#include "cmd/kist/kist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	const char *summary;
} groups[] = {
	{"container", "Manage containers"},
	{"image", "Manage images"},
	{"system", "Manage kist"},
};

enum spelling {
	VERB_FLAT,    /* "kist ps", and "kist container ls" if it is in a group */
	VERB_GROUPED, /* in its group only */
};

struct verb {
	const struct command *command;
	enum spelling spelling;
	const char *group;   /* NULL: in none */
	const char *grouped; /* its name there */
};

/* In the order of the help text. A new verb is one row. */
static const struct verb verbs[] = {
	{&command_run_verb, VERB_FLAT, "container", "run"},
	{&command_exec, VERB_FLAT, "container", "exec"},
	{&command_ps, VERB_FLAT, "container", "ls"},
	{&command_pull, VERB_FLAT, "image", "pull"},
	{&command_images, VERB_FLAT, "image", "ls"},
	{&command_version, VERB_FLAT, NULL, NULL},
	{&command_info, VERB_FLAT, "system", "info"},
	{&command_attach, VERB_FLAT, "container", "attach"},
	{&command_container_prune, VERB_GROUPED, "container", "prune"},
	{&command_cp, VERB_FLAT, "container", "cp"},
	{&command_create, VERB_FLAT, "container", "create"},
	{&command_diff, VERB_FLAT, "container", "diff"},
	{&command_events, VERB_FLAT, "system", "events"},
	{&command_import, VERB_FLAT, "image", "import"},
	{&command_inspect, VERB_FLAT, NULL, NULL},
	{&command_container_inspect, VERB_GROUPED, "container", "inspect"},
	{&command_image_inspect, VERB_GROUPED, "image", "inspect"},
	{&command_kill, VERB_FLAT, "container", "kill"},
	{&command_load, VERB_FLAT, "image", "load"},
	{&command_logs, VERB_FLAT, "container", "logs"},
	{&command_pause, VERB_FLAT, "container", "pause"},
	{&command_port, VERB_FLAT, "container", "port"},
	{&command_rename, VERB_FLAT, "container", "rename"},
	{&command_restart, VERB_FLAT, "container", "restart"},
	{&command_rm, VERB_FLAT, "container", "rm"},
	{&command_rmi, VERB_FLAT, "image", "rm"},
	{&command_start, VERB_FLAT, "container", "start"},
	{&command_stats, VERB_FLAT, "container", "stats"},
	{&command_stop, VERB_FLAT, "container", "stop"},
	{&command_tag, VERB_FLAT, "image", "tag"},
	{&command_top, VERB_FLAT, "container", "top"},
	{&command_unpause, VERB_FLAT, "container", "unpause"},
	{&command_update, VERB_FLAT, "container", "update"},
	{&command_wait, VERB_FLAT, "container", "wait"},
	{&command_cleanup, VERB_FLAT, NULL, NULL},
};

#define SUMMARY	  "Containers without a daemon"
#define LIST_SIZE (ARRAY_SIZE(verbs) + 1)

/* Commands under the names that they have in one place. */
struct list {
	struct command commands[LIST_SIZE];
	const struct command *pointers[LIST_SIZE]; /* ends with NULL */
	size_t count;
};

static const struct option global_options[] = {
	{"root", 0, OPTION_STRING, offsetof(struct kist, dir), "string",
	 "Folder of images and containers (default \"" ROOT_DIR_DEFAULT "\", $KIST_ROOT)"},
	{"runroot", 0, OPTION_STRING, offsetof(struct kist, run), "string",
	 "Folder of what does not survive a boot (default \"" ROOT_RUN_DEFAULT
	 "\", $KIST_RUNROOT)"},
	{"version", 'v', OPTION_BOOL, offsetof(struct kist, version), NULL,
	 "Print version information and quit"},
	{NULL},
};

static void list_add(struct list *list, const struct command *command, const char *name,
		     const char *alias)
{
	struct command *added = &list->commands[list->count];

	*added = *command;
	added->name = name;
	added->alias = alias;
	list->pointers[list->count++] = added;
}

/* The second names of verbs in groups. */
static const char *grouped_alias(const char *name)
{
	if (STREQ(name, "ls"))
		return "list";
	return STREQ(name, "rm") ? "remove" : NULL;
}

/* What "kist @group" offers, or, without a group, "kist". */
static void list_collect(struct list *list, const char *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const struct verb *verb = &verbs[i];

		if (!group && verb->spelling == VERB_FLAT)
			list_add(list, verb->command, verb->command->name, verb->command->alias);
		else if (group && verb->group && STREQ(verb->group, group))
			list_add(list, verb->command, verb->grouped, grouped_alias(verb->grouped));
	}
}

/* All that "kist" offers, for as long as the lists live. */
struct tables {
	struct list flat, grouped[ARRAY_SIZE(groups)];
	struct command_group groups[ARRAY_SIZE(groups) + 1];
	struct program program;
};

static void tables_collect(struct tables *tables)
{
	list_collect(&tables->flat, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		list_collect(&tables->grouped[i], groups[i].name);
		tables->groups[i] = (struct command_group) {groups[i].name, groups[i].summary,
							    tables->grouped[i].pointers};
	}
	tables->program = (struct program) {
		.name = "kist",
		.usage = "[OPTIONS] COMMAND",
		.summary = SUMMARY,
		.options = global_options,
		.commands = tables->flat.pointers,
		.groups = tables->groups,
	};
}

static void list_print(const struct list *list)
{
	(void)printf("\nCommands:\n");
	for (size_t i = 0; i < list->count; i++)
		if (!(list->commands[i].flags & COMMAND_HIDDEN))
			(void)printf("  %-11s %s\n", list->commands[i].name,
				     list->commands[i].summary);
}

static void help(const struct list *list)
{
	(void)printf("Usage:  kist [OPTIONS] COMMAND\n\n" SUMMARY "\n");
	list_print(list);
	(void)printf("\nManagement Commands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		(void)printf("  %-11s %s\n", groups[i].name, groups[i].summary);
	(void)printf("\nGlobal Options:\n");
	options_list(stdout, global_options);
	(void)printf("\nRun 'kist COMMAND --help' for more information on a command.\n");
}

static bool is_help(const char *arg)
{
	return STREQ(arg, "--help") || STREQ(arg, "-h");
}

static int run_group(const struct tables *tables, size_t index, struct kist *kist, int argc,
		     char **argv)
{
	const struct command_group *group = &tables->groups[index];
	const struct command *command;
	char what[32];

	(void)snprintf(what, sizeof(what), "kist %s", group->name);
	if (argc < 2 || is_help(argv[1])) {
		(void)printf("Usage:  %s COMMAND\n\n%s\n", what, group->summary);
		list_print(&tables->grouped[index]);
		(void)printf("\nRun '%s COMMAND --help' for more information on a command.\n",
			     what);
		return 0;
	}
	command = command_find(group->commands, argv[1]);
	if (command)
		return command_run(what, command, kist, argc - 1, argv + 1);
	program_unknown(&tables->program, group, argv[1]);
	return KIST_FAILED;
}

/* All but the flat verbs. Apart from them, because the tables fill pages that they do not need. */
static __attribute__((noinline)) int run_other(struct kist *kist, int argc, char **argv)
{
	struct tables tables = {0};

	tables_collect(&tables);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (STREQ(groups[i].name, argv[0]))
			return run_group(&tables, i, kist, argc, argv);
	if (program_answer(&tables.program, kist_complete, argc + 1, argv - 1))
		return 0;
	program_unknown(&tables.program, NULL, argv[0]);
	return KIST_FAILED;
}

static int run(const struct list *list, struct kist *kist, int argc, char **argv)
{
	const struct command *command = command_find(list->pointers, argv[0]);

	return command ? command_run("kist", command, kist, argc, argv)
		       : run_other(kist, argc, argv);
}

int main(int argc, char **argv)
{
	struct kist kist = {0};
	struct list list = {0};
	int first, status;

	first = options_parse("kist", global_options, COMMAND_STOP_AT_OPERAND, &kist, argc, argv);
	if (first < 0 && first != -ECANCELED)
		return KIST_MISUSE;
	list_collect(&list, NULL);
	if (kist.version) {
		(void)printf("kist version %s\n", KIST_VERSION);
		status = 0;
	} else if (first == -ECANCELED || first == argc || STREQ(argv[first], "help")) {
		help(&list);
		status = 0;
	} else {
		status = run(&list, &kist, argc - first, argv + first);
	}
	if (fflush(stdout) != 0 && status == 0) {
		perror("kist: write to standard output");
		status = KIST_FAILED;
	}
	return status;
}
