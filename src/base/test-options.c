#include "base/options.h"
#include "base/strv.h"
#include "base/test.h"

#include <errno.h>
#include <unistd.h>

struct values {
	bool detach, interactive;
	const char *name;
	struct strv env;
	int proxy;
};

static const struct option options[] = {
	{"detach", 'd', OPTION_BOOL, offsetof(struct values, detach), NULL,
	 "run in the background"},
	{"interactive", 'i', OPTION_BOOL, offsetof(struct values, interactive), NULL,
	 "keep stdin open"},
	{"name", 0, OPTION_STRING, offsetof(struct values, name), "string", "a name"},
	{"proxy", 0, OPTION_SWITCH, offsetof(struct values, proxy), NULL, "pass signals on"},
	{"env", 'e', OPTION_LIST, offsetof(struct values, env), "list", "set variables"},
	{0},
};

static int parse(struct values *values, unsigned flags, const char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	*values = (struct values) {0};
	return options_parse("kist run", options, flags, values, argc, (char **)argv);
}

TEST(every_spelling_of_a_value_is_understood)
{
	const char *argv[] = {"run",   "-dieA=1", "--name=x", "-e",  "B=2",
			      "--env", "C",	  "-e=D",     "img", NULL};
	struct values values;
	int first = parse(&values, 0, argv);

	assert_string_equal(argv[first], "img");
	assert_true(values.detach && values.interactive);
	assert_string_equal(values.name, "x");
	assert_int_equal(values.env.n, 4);
	assert_string_equal(values.env.v[0], "A=1");
	assert_string_equal(values.env.v[3], "D");
	options_release(options, &values);
}

TEST(a_command_keeps_its_own_options)
{
	const char *argv[] = {"run", "-d", "img", "ls", "-d", "--name", NULL};
	struct values values;
	int first = parse(&values, COMMAND_STOP_AT_OPERAND, argv);

	assert_string_equal(argv[first], "img");
	assert_string_equal(argv[first + 2], "-d");
	assert_null(values.name);
}

TEST(options_behind_operands_count_where_they_may)
{
	const char *argv[] = {"rm", "a", "--detach=false", "b", "--", "-d", NULL};
	struct values values;
	int first = parse(&values, 0, argv);

	assert_string_equal(argv[first], "a");
	assert_string_equal(argv[first + 1], "b");
	assert_string_equal(argv[first + 2], "-d");
	assert_false(values.detach);
}

TEST(a_switch_tells_false_from_not_given)
{
	struct values values;

	(void)parse(&values, 0, (const char *[]) {"run", NULL});
	assert_int_equal(values.proxy, 0);
	(void)parse(&values, 0, (const char *[]) {"run", "--proxy", NULL});
	assert_int_equal(values.proxy, 1);
	(void)parse(&values, 0, (const char *[]) {"run", "--proxy=false", NULL});
	assert_int_equal(values.proxy, -1);
}

TEST(misuse_is_refused)
{
	static const char *const bad[][3] = {{"run", "--nme=x", NULL},
					     {"run", "-x", NULL},
					     {"run", "--name", NULL},
					     {"run", "-d=5", NULL}};
	struct values values;
	int saved = dup(2);

	(void)close(2);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse(&values, 0, (const char **)bad[i]), -EINVAL);
	(void)dup2(saved, 2);
	(void)close(saved);
	assert_int_equal(parse(&values, 0, (const char *[]) {"run", "--help", NULL}), -ECANCELED);
}
