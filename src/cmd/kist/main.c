/*
 * kist: the command line.
 *
 * Finds the verb and runs it; nothing is opened before a verb asks for it. Verbs have the flat
 * names of Docker ("ps", "rmi") and the grouped ones ("container ls", "image rm").
 */
#include "base/macro.h"
#include "base/options.h"
#include "cmd/kist/kist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order of the help text. A new verb is one row here and, where Docker has one, one below.
 */
static const struct command *const commands[] = {
	&command_run_verb, &command_exec,
	&command_ps,	   &command_images,
	&command_version,  &command_info,
	&command_create,   &command_import,
	&command_inspect,  &command_kill,
	&command_load,	   &command_logs,
	&command_port,	   &command_restart,
	&command_rm,	   &command_rmi,
	&command_start,	   &command_stop,
	&command_tag,	   &command_wait,
	&command_cleanup,  NULL,
};

struct group {
	const char *name;
	const char *summary;
};

static const struct group groups[] = {
	{"container", "Manage containers"},
	{"image", "Manage images"},
	{"system", "Manage kist"},
};

/* "kist <group> <name>": the same command under its other name. */
struct grouped {
	const char *group;
	const char *name;
	const struct command *command;
};

static const struct grouped grouped[] = {
	{"container", "create", &command_create},
	{"container", "exec", &command_exec},
	{"container", "inspect", &command_container_inspect},
	{"container", "kill", &command_kill},
	{"container", "logs", &command_logs},
	{"container", "ls", &command_ps},
	{"container", "port", &command_port},
	{"container", "restart", &command_restart},
	{"container", "rm", &command_rm},
	{"container", "run", &command_run_verb},
	{"container", "start", &command_start},
	{"container", "stop", &command_stop},
	{"container", "wait", &command_wait},
	{"image", "import", &command_import},
	{"image", "inspect", &command_image_inspect},
	{"image", "load", &command_load},
	{"image", "ls", &command_images},
	{"image", "pull", &command_pull},
	{"image", "rm", &command_rmi},
	{"image", "tag", &command_tag},
	{"system", "info", &command_info},
	{"system", "version", &command_version},
};

#define GROUP_SIZE (ARRAY_SIZE(grouped) + 1)

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

static void list(const char *heading, const struct command *const *list)
{
	(void)printf("\n%s:\n", heading);
	for (; *list; list++)
		if (!((*list)->flags & COMMAND_HIDDEN))
			(void)printf("  %-11s %s\n", (*list)->name, (*list)->summary);
}

static void help(void)
{
	(void)printf("Usage:  kist [OPTIONS] COMMAND\n\nContainers without a daemon\n");
	list("Commands", commands);
	(void)printf("\nManagement Commands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		(void)printf("  %-11s %s\n", groups[i].name, groups[i].summary);
	(void)printf("\nGlobal Options:\n");
	options_list(stdout, global_options);
	(void)printf("\nRun 'kist COMMAND --help' for more information on a command.\n");
}

/* The commands of @group under their names there. @ret and @pointers have GROUP_SIZE elements. */
static void group_collect(const struct group *group, struct command *ret,
			  const struct command **pointers)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(grouped); i++) {
		if (!STREQ(grouped[i].group, group->name))
			continue;
		ret[n] = *grouped[i].command;
		ret[n].name = grouped[i].name;
		ret[n].alias = NULL;
		pointers[n] = &ret[n];
		n++;
	}
	pointers[n] = NULL;
}

static int unknown(const char *what, const struct command *const *list, const char *name)
{
	const struct command *nearest = command_nearest(list, name);

	(void)fprintf(stderr, "kist: '%s' is not a %s command.", name, what);
	if (nearest)
		(void)fprintf(stderr, " Did you mean '%s'?", nearest->name);
	(void)fprintf(stderr, " See '%s --help'\n", what);
	return KIST_FAILED;
}

static bool is_help(const char *arg)
{
	return STREQ(arg, "--help") || STREQ(arg, "-h");
}

static int run_group(const struct group *group, struct kist *kist, int argc, char **argv)
{
	struct command members[GROUP_SIZE];
	const struct command *pointers[GROUP_SIZE];
	const struct command *command;
	char what[32];

	(void)snprintf(what, sizeof(what), "kist %s", group->name);
	group_collect(group, members, pointers);
	if (argc < 2 || is_help(argv[1])) {
		(void)printf("Usage:  %s COMMAND\n\n%s\n", what, group->summary);
		list("Commands", pointers);
		(void)printf("\nRun '%s COMMAND --help' for more information on a command.\n",
			     what);
		return 0;
	}
	command = command_find(pointers, argv[1]);
	if (!command)
		return unknown(what, pointers, argv[1]);
	return command_run(what, command, kist, argc - 1, argv + 1);
}

static int run(struct kist *kist, int argc, char **argv)
{
	const struct command *command;

	if (STREQ(argv[0], "help") && argc == 1) {
		help();
		return 0;
	}
	command = command_find(commands, argv[0]);
	if (command)
		return command_run("kist", command, kist, argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (STREQ(groups[i].name, argv[0]))
			return run_group(&groups[i], kist, argc, argv);
	return unknown("kist", commands, argv[0]);
}

int main(int argc, char **argv)
{
	struct kist kist = {0};
	int first, status;

	first = options_parse("kist", global_options, COMMAND_STOP_AT_OPERAND, &kist, argc, argv);
	if (first < 0 && first != -ECANCELED)
		return KIST_MISUSE;
	if (kist.version) {
		(void)printf("kist version %s\n", KIST_VERSION);
		status = 0;
	} else if (first == -ECANCELED || first == argc) {
		help();
		status = 0;
	} else {
		status = run(&kist, argc - first, argv + first);
	}
	if (fflush(stdout) != 0 && status == 0) {
		perror("kist: write to standard output");
		status = KIST_FAILED;
	}
	return status;
}
