#include "base/program.h"
#include "base/test.h"

#include <string.h>
#include <unistd.h>

static const struct option globals[] = {{"root", 0, OPTION_STRING, 0, "dir", "where"}, {0}};
static const struct option options[] = {{"all", 'a', OPTION_BOOL, 0, NULL, "all of them"}, {0}};

static int nothing(const struct invocation *invocation, void *values)
{
	return 0;
}

static int other(const struct invocation *invocation, void *values)
{
	return 1;
}

static const struct command run = {
	.name = "run", .usage = "IMAGE", .summary = "Run it", .run = other};
static const struct command rm = {.name = "rm", .usage = "", .summary = "Remove", .run = other};
static const struct command ps = {.name = "ps",
				  .alias = "list",
				  .usage = "[OPTIONS]",
				  .summary = "List",
				  .options = options,
				  .run = nothing};
static const struct command ls = {
	.name = "ls", .usage = "[OPTIONS]", .summary = "List", .options = options, .run = nothing};
static const struct command show = {
	.name = "show", .usage = "ID", .summary = "Show", .run = nothing};
static const struct command secret = {.name = "secret", .flags = COMMAND_HIDDEN};
static const struct command *const commands[] = {&run, &rm, &ps, &secret, NULL};
static const struct command *const grouped[] = {&ls, &show, NULL};
static const struct command_group groups[] = {{"container", "Manage", grouped}, {0}};
static const struct program program = {.name = "prog",
				       .usage = "COMMAND",
				       .summary = "A program",
				       .options = globals,
				       .commands = commands,
				       .groups = groups};

TEST(the_description_holds_everything_once)
{
	char text[1024];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	program_describe(out, &program);
	(void)fclose(out);
	assert_string_equal(text, "program\tprog\tA program\tCOMMAND\n"
				  "option\t\t\troot\tstring\tdir\twhere\n"
				  "command\trun\t\tIMAGE\tRun it\n"
				  "command\trm\t\t\tRemove\n"
				  "command\tps\tlist\t[OPTIONS]\tList\n"
				  "option\tps\ta\tall\tflag\t\tall of them\n"
				  "group\tcontainer\tManage\n"
				  "member\tcontainer\tls\tps\n"
				  "command\tcontainer show\t\tID\tShow\n"
				  "member\tcontainer\tshow\tcontainer show\n");
}

/* What is said on stderr of an unknown word. */
static const char *say(const struct command_group *group, const char *name)
{
	static char text[256];
	int ends[2], saved = dup(2);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	(void)dup2(ends[1], 2);
	program_unknown(&program, group, name);
	(void)dup2(saved, 2);
	(void)close(saved);
	(void)close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	(void)close(ends[0]);
	assert_true(n > 0);
	text[n] = '\0';
	return text;
}

TEST(an_unknown_word_brings_the_nearest_known_one)
{
	assert_string_equal(say(NULL, "rnu"), "prog: 'rnu' is not a prog command. Did you mean "
					      "'run'? See 'prog --help'\n");
	assert_string_equal(say(NULL, "contianer"),
			    "prog: 'contianer' is not a prog command. Did you mean 'container'? "
			    "See 'prog --help'\n");
	assert_string_equal(say(&groups[0], "shwo"),
			    "prog: 'shwo' is not a prog container command. Did you mean 'show'? "
			    "See 'prog container --help'\n");
}

TEST(what_is_far_from_everything_or_hidden_brings_nothing)
{
	static const char *const far[] = {"x", "secrte", "quite-something-else"};

	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		assert_null(strstr(say(NULL, far[i]), "Did you mean"));
}

TEST(only_its_own_words_are_answered)
{
	const char *other_word[] = {"prog", "describe", NULL};

	assert_false(program_answer(&program, NULL, 2, (char **)other_word));
	assert_false(program_answer(&program, NULL, 1, (char **)other_word));
}
