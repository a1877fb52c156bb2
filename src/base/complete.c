#include "base/complete.h"

#include "base/program.h"
#include "base/str.h"

#include <string.h>

/* A command line as far as it has been read. */
struct line {
	const struct program *program;
	const struct command_group *group;
	const struct command *command;
	const struct option *pending; /* the next word is its value */
	size_t operands;	      /* of the command */
	bool ended;		      /* no options from here on */
	bool lost;		      /* something that is not in the tables: nothing to offer */
};

static bool takes_value(const struct option *option)
{
	return option->kind == OPTION_STRING || option->kind == OPTION_LIST;
}

static const struct option *options_of(const struct line *line)
{
	if (line->command)
		return line->command->options;
	return line->group ? NULL : line->program->options;
}

static const struct option *find(const struct option *options, const char *name, size_t len)
{
	for (const struct option *o = options; o && o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static void read_letters(struct line *line, const char *letters)
{
	const struct option *options = options_of(line);

	for (const char *p = letters; *p; p++) {
		const struct option *option = options;

		while (option && option->name && option->letter != *p)
			option++;
		if (!option || !option->name)
			return;
		if (takes_value(option) || p[1] == '=') {
			line->pending = p[1] ? NULL : option;
			return;
		}
	}
}

static void read_long(struct line *line, const char *name)
{
	const struct option *option;

	if (strchr(name, '='))
		return;
	option = find(options_of(line), name, strlen(name));
	line->pending = option && takes_value(option) ? option : NULL;
}

static void read_operand(struct line *line, const char *word)
{
	if (line->command) {
		line->operands++;
		line->ended |= (line->command->flags & COMMAND_STOP_AT_OPERAND) != 0;
		return;
	}
	if (!line->group && (line->group = program_group(line->program, word)))
		return;
	if (line->group)
		line->command = command_find(line->group->commands, word);
	else if (line->program->commands)
		line->command = command_find(line->program->commands, word);
	line->lost = !line->command;
}

/* A word that is not the last. */
static void read_word(struct line *line, const char *word)
{
	if (line->pending)
		line->pending = NULL;
	else if (line->ended || word[0] != '-' || !word[1])
		read_operand(line, word);
	else if (STREQ(word, "--"))
		line->ended = true;
	else if (word[1] == '-')
		read_long(line, word + 2);
	else
		read_letters(line, word + 1);
}

/* Whether a shell's script can take @s as one field of a line. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

void complete_candidate(const struct completion *place, FILE *out, const char *word,
			const char *description)
{
	if (!is_plain(word) || (description && !is_plain(description)))
		return;
	(void)fprintf(out, "%.*s%s%s%s\n", (int)place->prefix_len, place->prefix, word,
		      description ? "\t" : "", description ? description : "");
}

void complete_choices(const struct completion *place, FILE *out, const char *choices)
{
	for (const char *p = choices; *p;) {
		size_t len = strcspn(p, "|");

		(void)fprintf(out, "%.*s%.*s\n", (int)place->prefix_len, place->prefix, (int)len,
			      p);
		p += len + (p[len] == '|');
	}
}

/* What can be known of a value by the name that its table or usage gives it. */
static enum complete_more by_name(const struct completion *place, FILE *out, const char *name,
				  size_t len)
{
	static const struct {
		const char *word;
		enum complete_more more;
	} words[] = {
		{"file", COMPLETE_FILES}, {"FILE", COMPLETE_FILES}, {"path", COMPLETE_FILES},
		{"PATH", COMPLETE_FILES}, {"dir", COMPLETE_DIRS},   {"DIR", COMPLETE_DIRS},
	};
	const char *bar = memchr(name, '|', len);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (memmem(name, len, words[i].word, strlen(words[i].word)))
			return words[i].more;
	if (place->option && bar)
		complete_choices(place, out, name);
	return COMPLETE_NONE;
}

static void print_options(const struct option *options, FILE *out)
{
	const struct completion dashes = {.prefix = "--", .prefix_len = 2};

	for (const struct option *o = options; o && o->name; o++)
		complete_candidate(&dashes, out, o->name, o->help);
	complete_candidate(&dashes, out, "help", "Print usage");
}

static void print_commands(const struct line *line, const struct completion *place, FILE *out)
{
	const struct command *const *c =
		line->group ? line->group->commands : line->program->commands;

	for (; c && *c; c++)
		if (!((*c)->flags & COMMAND_HIDDEN))
			complete_candidate(place, out, (*c)->name, (*c)->summary);
	for (const struct command_group *g = line->group ? NULL : line->program->groups;
	     g && g->name; g++)
		complete_candidate(place, out, g->name, g->summary);
}

/*
 * The name of operand @index in a usage: "[OPTIONS] CONTAINER [CONTAINER...]". A word with dots is
 * the rest's too. Returns its length, 0 if the usage has none.
 */
static size_t operand_name(const char *usage, size_t index, const char **ret)
{
	size_t len = 0;

	for (const char *p = usage; *p; p += strspn(p, " []")) {
		bool repeats;

		p += strspn(p, " []");
		len = strcspn(p, " ");
		repeats = memmem(p, len, "...", 3) != NULL;
		if (len == 0)
			break;
		*ret = p;
		p += len;
		if (len >= strlen("OPTIONS") && memcmp(*ret, "OPTIONS", strlen("OPTIONS")) == 0)
			continue;
		if (repeats || index-- == 0)
			return len;
	}
	return 0;
}

/* The value of an option, or an operand: the program first, then the names in the tables. */
static enum complete_more print_values(const struct completion *place, complete_values *values,
				       FILE *out)
{
	const char *name = place->option ? place->option->argument : place->operand;
	enum complete_more more = values ? values(place, out) : COMPLETE_UNKNOWN;

	if (more != COMPLETE_UNKNOWN)
		return more;
	if (!name)
		return COMPLETE_NONE;
	return by_name(place, out, name, place->option ? strlen(name) : place->operand_len);
}

/* Makes the place of what follows "--name=" of @word. False if it is no such word. */
static bool is_joined_value(const struct line *line, const char *word, struct completion *place)
{
	const char *equals = strchr(word, '=');

	if (line->ended || !equals || word[0] != '-' || word[1] != '-')
		return false;
	place->option = find(options_of(line), word + 2, (size_t)(equals - word) - 2);
	place->prefix = word;
	place->prefix_len = (size_t)(equals - word) + 1;
	place->word = equals + 1;
	return place->option != NULL;
}

static enum complete_more print_last(const struct line *line, struct completion *place,
				     complete_values *values, FILE *out)
{
	const char *word = place->word;

	place->command = line->command;
	place->option = line->pending;
	if (line->lost)
		return COMPLETE_NONE;
	if (line->pending || is_joined_value(line, word, place))
		return print_values(place, values, out);
	if (word[0] == '-' && !line->ended) {
		print_options(options_of(line), out);
		return COMPLETE_NONE;
	}
	if (!line->command) {
		print_commands(line, place, out);
		return COMPLETE_NONE;
	}
	place->operand_len = operand_name(line->command->usage, line->operands, &place->operand);
	return place->operand_len > 0 ? print_values(place, values, out) : COMPLETE_NONE;
}

void complete(const struct program *program, complete_values *values, char **words, FILE *out)
{
	static const char *const more[] = {
		[COMPLETE_NONE] = ":none", [COMPLETE_FILES] = ":files",	 [COMPLETE_DIRS] = ":dirs",
		[COMPLETE_STAY] = ":stay", [COMPLETE_UNKNOWN] = ":none",
	};
	struct line line = {.program = program};
	struct completion place = {.program = program, .word = "", .prefix = "", .globals = words};

	for (; words[0] && words[1]; words++) {
		read_word(&line, words[0]);
		if (!line.command && !line.group && !line.lost)
			place.global_count++;
	}
	if (words[0])
		place.word = words[0];
	(void)fprintf(out, "%s\n", more[print_last(&line, &place, values, out)]);
}
