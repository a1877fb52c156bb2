#include "base/complete.h"
#include "base/program.h"
#include "base/test.h"

#include <string.h>

struct values {
	bool all;
	const char *name, *log, *format;
};

static const struct option globals[] = {
	{"root", 0, OPTION_STRING, offsetof(struct values, name), "dir", "where"},
	{"verbose", 'v', OPTION_BOOL, offsetof(struct values, all), NULL, "say more"},
	{0},
};

static const struct option run_options[] = {
	{"all", 'a', OPTION_BOOL, offsetof(struct values, all), NULL, "all of them"},
	{"name", 'n', OPTION_STRING, offsetof(struct values, name), "string", "its name"},
	{"log", 'l', OPTION_STRING, offsetof(struct values, log), "file", "the log"},
	{"log-format", 0, OPTION_STRING, offsetof(struct values, format), "text|json", "its form"},
	{0},
};

static const struct command run = {.name = "run",
				   .usage = "[OPTIONS] IMAGE [ARG...]",
				   .summary = "Run it",
				   .options = run_options,
				   .flags = COMMAND_STOP_AT_OPERAND};
static const struct command rm = {.name = "rm",
				  .alias = "remove",
				  .usage = "[OPTIONS] CONTAINER [CONTAINER...]",
				  .summary = "Remove it",
				  .options = run_options};
static const struct command load = {.name = "load", .usage = "file|- [NAME]", .summary = "Load it"};
static const struct command secret = {
	.name = "secret", .usage = "", .summary = "", .flags = COMMAND_HIDDEN};
static const struct command *const commands[] = {&run, &rm, &load, &secret, NULL};
static const struct command *const grouped[] = {&rm, NULL};
static const struct command_group groups[] = {{"thing", "Manage things", grouped}, {0}};
static const struct program program = {.name = "prog",
				       .usage = "",
				       .summary = "A program",
				       .options = globals,
				       .commands = commands,
				       .groups = groups};

static enum complete_more say_place(const struct completion *place, FILE *out)
{
	if (place->option && !STREQ(place->option->name, "name"))
		return COMPLETE_UNKNOWN;
	if (!place->option && !memmem(place->operand, place->operand_len, "CONTAINER", 9))
		return COMPLETE_UNKNOWN;
	complete_candidate(place, out, "one", "first");
	complete_candidate(place, out, "bad\nname", NULL);
	return COMPLETE_NONE;
}

/* What is offered for the last of @words, in one string. */
static const char *ask(const char *const *words)
{
	static char text[4096];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	complete(&program, say_place, (char **)words, out);
	(void)fclose(out);
	return text;
}

#define ASK(...) ask((const char *const[]) {__VA_ARGS__, NULL})

static const char ALL_COMMANDS[] =
	"run\tRun it\nrm\tRemove it\nload\tLoad it\nthing\tManage things\n:none\n";
static const char ALL_OPTIONS[] = "--all\tall of them\n--name\tits name\n--log\tthe log\n"
				  "--log-format\tits form\n--help\tPrint usage\n:none\n";

TEST(commands_and_groups_come_first_and_hidden_ones_never)
{
	assert_string_equal(ASK(""), ALL_COMMANDS);
	assert_string_equal(ask((const char *const[]) {NULL}), ALL_COMMANDS);
	assert_string_equal(ASK("-v", "--root", "/x", "r"), ALL_COMMANDS);
	assert_string_equal(ASK("thing", ""), "rm\tRemove it\n:none\n");
}

TEST(a_dash_asks_for_the_options_of_where_one_is)
{
	assert_string_equal(ASK("--r"),
			    "--root\twhere\n--verbose\tsay more\n--help\tPrint usage\n:none\n");
	assert_string_equal(ASK("run", "-"), ALL_OPTIONS);
	assert_string_equal(ASK("thing", "remove", "--"), ALL_OPTIONS);
	assert_string_equal(ASK("rm", "x", "--"), ALL_OPTIONS);
}

TEST(a_value_is_completed_in_every_spelling)
{
	assert_string_equal(ASK("run", "--name", ""), "one\tfirst\n:none\n");
	assert_string_equal(ASK("run", "-an", ""), "one\tfirst\n:none\n");
	assert_string_equal(ASK("run", "--name=o"), "--name=one\tfirst\n:none\n");
	assert_string_equal(ASK("run", "--log-format", "t"), "text\njson\n:none\n");
	assert_string_equal(ASK("run", "--log-format="),
			    "--log-format=text\n--log-format=json\n:none\n");
	assert_string_equal(ASK("run", "-l", ""), ":files\n");
	assert_string_equal(ASK("--root", ""), ":dirs\n");
	assert_string_equal(ASK("run", "--name", "x", "-"), ALL_OPTIONS);
	assert_string_equal(ASK("run", "-nx", "-"), ALL_OPTIONS);
}

TEST(operands_go_by_their_names_in_the_usage)
{
	assert_string_equal(ASK("rm", ""), "one\tfirst\n:none\n");
	assert_string_equal(ASK("rm", "a", "b", ""), "one\tfirst\n:none\n");
	assert_string_equal(ASK("load", ""), ":files\n");
	assert_string_equal(ASK("load", "x", ""), ":none\n");
	assert_string_equal(ASK("load", "x", "y", ""), ":none\n");
}

TEST(what_belongs_to_another_command_is_left_alone)
{
	assert_string_equal(ASK("run", "image", "-"), ":none\n");
	assert_string_equal(ASK("run", "image", "--name", ""), ":none\n");
	assert_string_equal(ASK("rm", "--", "-"), "one\tfirst\n:none\n");
	assert_string_equal(ASK("no-such", ""), ":none\n");
	assert_string_equal(ASK("no-such", "--"), ":none\n");
	assert_string_equal(ASK("thing", "no-such", ""), ":none\n");
}
