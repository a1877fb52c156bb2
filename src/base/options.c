#include "base/options.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/strv.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define EXIT_USAGE    125 /* an option that makes no sense */
#define EXIT_OPERANDS 1	  /* too few or too many operands: Docker's difference */

struct parser {
	const char *what;
	const struct option *options;
	void *values;
	int argc;
	char **argv;
	int next; /* index of the argument being looked at */
};

static void *field(const struct parser *parser, const struct option *option)
{
	return (char *)parser->values + option->offset;
}

static int misuse(const struct parser *parser, const char *fmt, ...) PRINTF(2, 3);

static int misuse(const struct parser *parser, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fprintf(stderr, "\nSee '%s --help'.\n", parser->what);
	return -EINVAL;
}

static int store(const struct parser *parser, const struct option *option, const char *value)
{
	bool flag;

	switch (option->kind) {
	case OPTION_BOOL:
	case OPTION_SWITCH:
		if (parse_bool(value, &flag) < 0)
			return misuse(
				parser,
				"invalid argument \"%s\" for \"--%s\" flag: must be true or false",
				value, option->name);
		if (option->kind == OPTION_BOOL)
			*(bool *)field(parser, option) = flag;
		else
			*(int *)field(parser, option) = flag ? 1 : -1;
		return 0;
	case OPTION_STRING:
		*(const char **)field(parser, option) = value;
		return 0;
	case OPTION_LIST:
		strv_add(field(parser, option), value);
		return 0;
	}
	return -EINVAL;
}

static const struct option *find_long(const struct option *options, const char *name, size_t len)
{
	for (; options && options->name; options++)
		if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
	for (; options && options->name; options++)
		if (options->letter == letter)
			return options;
	return NULL;
}

static int unknown_flag(const struct parser *parser, const char *name, size_t len)
{
	auto_free char *flag = mem_strndup(name, len);
	const struct option *nearest = NULL;
	size_t best = str_near(flag) + 1;

	for (const struct option *o = parser->options; o && o->name; o++) {
		size_t distance = str_distance(flag, o->name);

		if (distance < best) {
			best = distance;
			nearest = o;
		}
	}
	if (nearest)
		return misuse(parser, "unknown flag: --%s, did you mean --%s?", flag,
			      nearest->name);
	return misuse(parser, "unknown flag: --%s", flag);
}

static bool is_flag(const struct option *option)
{
	return option->kind == OPTION_BOOL || option->kind == OPTION_SWITCH;
}

static int parse_long(struct parser *parser, const char *arg)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct option *option = find_long(parser->options, arg, len);

	if (!option && len == 4 && memcmp(arg, "help", 4) == 0)
		return -ECANCELED;
	if (!option)
		return unknown_flag(parser, arg, len);
	if (equals)
		return store(parser, option, equals + 1);
	if (is_flag(option))
		return store(parser, option, "true");
	if (parser->next + 1 >= parser->argc)
		return misuse(parser, "flag needs an argument: --%s", option->name);
	return store(parser, option, parser->argv[++parser->next]);
}

static int parse_letters(struct parser *parser, const char *letters)
{
	for (const char *p = letters; *p; p++) {
		const struct option *option = find_letter(parser->options, *p);
		int r;

		if (!option && *p == 'h')
			return -ECANCELED;
		if (!option)
			return misuse(parser, "unknown shorthand flag: '%c' in -%s", *p, letters);
		if (is_flag(option) && p[1] != '=') {
			r = store(parser, option, "true");
			if (r < 0)
				return r;
			continue;
		}
		if (p[1])
			return store(parser, option, p[1] == '=' ? p + 2 : p + 1);
		if (parser->next + 1 >= parser->argc)
			return misuse(parser, "flag needs an argument: '%c' in -%s", *p, letters);
		return store(parser, option, parser->argv[++parser->next]);
	}
	return 0;
}

int options_parse(const char *what, const struct option *options, unsigned flags, void *values,
		  int argc, char **argv)
{
	struct parser parser = {what, options, values, argc, argv, 1};
	auto_free char **operands = mem_zero((size_t)argc + 1, sizeof(*operands));
	int count = 0, first, r;

	for (; parser.next < argc; parser.next++) {
		char *arg = argv[parser.next];

		if (STREQ(arg, "--")) {
			parser.next++;
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			if (flags & COMMAND_STOP_AT_OPERAND)
				break;
			operands[count++] = arg;
			continue;
		}
		r = arg[1] == '-' ? parse_long(&parser, arg + 2) : parse_letters(&parser, arg + 1);
		if (r < 0)
			return r;
	}
	for (; parser.next < argc; parser.next++)
		operands[count++] = argv[parser.next];
	first = argc - count;
	memcpy(argv + first, operands, (size_t)count * sizeof(*operands));
	return first;
}

void options_release(const struct option *options, void *values)
{
	for (; options && options->name; options++)
		if (options->kind == OPTION_LIST)
			strv_release((struct strv *)((char *)values + options->offset));
}

void options_list(FILE *out, const struct option *options)
{
	for (const struct option *o = options; o->name; o++) {
		char letter[5] = "    ";
		char names[64];

		if (o->letter)
			(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		(void)snprintf(names, sizeof(names), "%s--%s %s", letter, o->name,
			       o->argument ? o->argument : "");
		(void)fprintf(out, "  %-32s %s\n", names, o->help);
	}
}

void options_help(FILE *out, const char *program, const struct command *command)
{
	(void)fprintf(out, "Usage:  %s %s%s%s\n\n%s\n", program, command->name,
		      *command->usage ? " " : "", command->usage, command->summary);
	if (command->alias)
		(void)fprintf(out, "\nAliases:\n  %s, %s\n", command->name, command->alias);
	if (!command->options || !command->options->name)
		return;
	(void)fputs("\nOptions:\n", out);
	options_list(out, command->options);
}

const struct command *command_find(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (STREQ((*commands)->name, name) ||
		    ((*commands)->alias && STREQ((*commands)->alias, name)))
			return *commands;
	return NULL;
}

const struct command *command_nearest(const struct command *const *commands, const char *name)
{
	const struct command *nearest = NULL;
	size_t best = str_near(name) + 1;

	for (; *commands; commands++) {
		size_t distance = str_distance((*commands)->name, name);

		if (distance < best && !((*commands)->flags & COMMAND_HIDDEN)) {
			best = distance;
			nearest = *commands;
		}
	}
	return nearest;
}

static int check_operands(const char *what, const struct command *command, size_t count)
{
	const char *bound;
	size_t limit;

	if (count >= command->operands_min && count <= command->operands_max)
		return 0;
	limit = count < command->operands_min ? command->operands_min : command->operands_max;
	bound = command->operands_min == command->operands_max ? ""
		: count < command->operands_min		       ? "at least "
							       : "at most ";
	if (limit == 0)
		(void)fprintf(stderr, "'%s' accepts no arguments", what);
	else
		(void)fprintf(stderr, "'%s' requires %s%zu argument%s", what, bound, limit,
			      limit == 1 ? "" : "s");
	(void)fprintf(stderr, "\n\nUsage:  %s %s\n\nSee '%s --help'.\n", what, command->usage,
		      what);
	return -EINVAL;
}

int command_run(const char *program, const struct command *command, void *context, int argc,
		char **argv)
{
	auto_free char *what = mem_printf("%s %s", program, command->name);
	auto_free void *values = mem_zero(1, command->values_size);
	struct invocation invocation = {.program = program, .command = command, .context = context};
	int first, status;

	first = options_parse(what, command->options, command->flags, values, argc, argv);
	if (first == -ECANCELED) {
		options_help(stdout, program, command);
		status = 0;
	} else if (first < 0) {
		status = EXIT_USAGE;
	} else {
		invocation.operands = argv + first;
		invocation.operand_count = (size_t)(argc - first);
		if (check_operands(what, command, invocation.operand_count) < 0)
			status = EXIT_OPERANDS;
		else
			status = command->run(&invocation, values);
	}
	options_release(command->options, values);
	return status;
}
