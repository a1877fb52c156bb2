/*
 * From words to a tree. Messages are those of Go's text/template/parse.
 */
#include "base/parse.h"
#include "base/str.h"
#include "codec/template-tree.h"
#include "codec/template-value.h"

#include <errno.h>
#include <string.h>

#define PARSE_VARIABLES_MAX VARIABLES_MAX

struct parser {
	struct lexer lexer;
	struct arena *arena;
	struct token peeked;
	bool has_peeked;
	unsigned depth;
	unsigned loops;
	const char *variables[PARSE_VARIABLES_MAX];
	size_t variable_count;
	size_t pos; /* of the last token, for messages */
	char **ret_why;
};

/* What stood behind a list: {{end}} or {{else. */
enum list_end {
	LIST_EOF,
	LIST_END,
	LIST_ELSE,
};

static int fail(struct parser *parser, const char *fmt, ...) PRINTF(2, 3);

static int fail(struct parser *parser, const char *fmt, ...)
{
	auto_free char *message = NULL;
	size_t line = 1;
	va_list args;

	va_start(args, fmt);
	message = mem_vprintf(fmt, args);
	va_end(args);
	for (size_t i = 0; i < parser->pos; i++)
		line += parser->lexer.text[i] == '\n';
	*parser->ret_why = mem_printf("template: :%zu: %s", line, message);
	return -EINVAL;
}

static struct token next(struct parser *parser)
{
	struct token token = parser->peeked;

	if (parser->has_peeked)
		parser->has_peeked = false;
	else
		token = lexer_next(&parser->lexer);
	parser->pos = token.pos;
	return token;
}

static struct token peek(struct parser *parser)
{
	if (!parser->has_peeked) {
		parser->peeked = lexer_next(&parser->lexer);
		parser->has_peeked = true;
	}
	return parser->peeked;
}

static struct token next_word(struct parser *parser)
{
	struct token token = next(parser);

	while (token.kind == TOKEN_SPACE)
		token = next(parser);
	return token;
}

static struct token peek_word(struct parser *parser)
{
	while (peek(parser).kind == TOKEN_SPACE)
		(void)next(parser);
	return peek(parser);
}

static bool token_is(const struct parser *parser, struct token token, const char *text)
{
	return token.kind == TOKEN_IDENTIFIER && strlen(text) == token.len &&
	       memcmp(parser->lexer.text + token.pos, text, token.len) == 0;
}

static char *token_text(const struct parser *parser, struct token token)
{
	return arena_strndup(parser->arena, parser->lexer.text + token.pos, token.len);
}

static int unexpected(struct parser *parser, struct token token, const char *where)
{
	if (token.kind == TOKEN_ERROR)
		return fail(parser, "%s", parser->lexer.why);
	if (token.kind == TOKEN_END)
		return fail(parser, "unexpected EOF");
	return fail(parser, "unexpected \"%.*s\" in %s", (int)MIN(token.len, 40U),
		    parser->lexer.text + token.pos, where);
}

static int enter(struct parser *parser)
{
	if (++parser->depth > TEMPLATE_DEPTH_MAX)
		return fail(parser, "nested deeper than %d", TEMPLATE_DEPTH_MAX);
	return 0;
}

static int declare(struct parser *parser, const char *name)
{
	if (parser->variable_count == PARSE_VARIABLES_MAX)
		return fail(parser, "more than %d variables", PARSE_VARIABLES_MAX);
	parser->variables[parser->variable_count++] = name;
	return 0;
}

static int require_variable(struct parser *parser, const char *name)
{
	for (size_t i = parser->variable_count; i > 0; i--)
		if (STREQ(parser->variables[i - 1], name))
			return 0;
	return fail(parser, "undefined variable \"%s\"", name);
}

/* @digits hexadecimal digits at @p, which is inside a NUL-terminated text. -1 if there are fewer.
 */
static long read_hex(const char *p, int digits)
{
	long value = 0;

	for (int i = 0; i < digits; i++) {
		int digit = parse_hex_digit(p[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static void append_rune(struct str *out, long rune)
{
	if (rune < 0x80) {
		str_append_char(out, (char)rune);
	} else if (rune < 0x800) {
		str_append_char(out, (char)(0xc0 | rune >> 6));
		str_append_char(out, (char)(0x80 | (rune & 0x3f)));
	} else if (rune < 0x10000) {
		str_append_char(out, (char)(0xe0 | rune >> 12));
		str_append_char(out, (char)(0x80 | (rune >> 6 & 0x3f)));
		str_append_char(out, (char)(0x80 | (rune & 0x3f)));
	} else {
		str_append_char(out, (char)(0xf0 | rune >> 18));
		str_append_char(out, (char)(0x80 | (rune >> 12 & 0x3f)));
		str_append_char(out, (char)(0x80 | (rune >> 6 & 0x3f)));
		str_append_char(out, (char)(0x80 | (rune & 0x3f)));
	}
}

/* One escape; @p is behind the backslash. The bytes it took, or 0 if Go (or C: a NUL) forbids it.
 */
static size_t unescape(const char *p, struct str *out)
{
	static const char letters[] = "abfnrtv\\\"", values[] = "\a\b\f\n\r\t\v\\\"";
	const char *simple = strchr(letters, *p);
	int digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
	long rune;

	if (simple && *p) {
		str_append_char(out, values[simple - letters]);
		return 1;
	}
	rune = digits > 0 ? read_hex(p + 1, digits) : 0;
	if (rune <= 0 || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		return 0;
	if (digits == 2)
		str_append_char(out, (char)rune);
	else
		append_rune(out, rune);
	return 1 + (size_t)digits;
}

static int parse_quoted(struct parser *parser, struct token token, const char **ret)
{
	const char *p = parser->lexer.text + token.pos + 1;
	const char *end = parser->lexer.text + token.pos + token.len - 1;
	auto_str text = {0};

	while (p < end) {
		size_t taken = 1;

		if (*p == '\\')
			taken = 1 + unescape(p + 1, &text);
		else
			str_append_char(&text, *p);
		if (*p == '\\' && taken == 1)
			return fail(parser, "invalid syntax in %.*s", (int)MIN(token.len, 40U),
				    parser->lexer.text + token.pos);
		p += taken;
	}
	*ret = arena_strndup(parser->arena, str_text(&text), text.len);
	return 0;
}

static int parse_pipeline(struct parser *parser, const char *what, enum token_kind end,
			  struct pipeline **ret);

static int parse_identifier(struct parser *parser, struct token token, struct operand *operand)
{
	if (token_is(parser, token, "true") || token_is(parser, token, "false")) {
		operand->kind = OPERAND_BOOL;
		operand->number = token_is(parser, token, "true");
		return 0;
	}
	if (token_is(parser, token, "nil")) {
		operand->kind = OPERAND_NIL;
		return 0;
	}
	operand->kind = OPERAND_FUNCTION;
	operand->string = token_text(parser, token);
	operand->function = function_find(operand->string, token.len);
	if (!operand->function)
		return fail(parser, "function \"%s\" not defined", operand->string);
	return 0;
}

static int parse_number(struct parser *parser, struct token token, struct operand *operand)
{
	const char *text = token_text(parser, token);

	operand->kind = OPERAND_NUMBER;
	if (parse_i64(text + (*text == '+'), &operand->number) < 0)
		return fail(parser, "bad number syntax: \"%s\"", text);
	return 0;
}

static int parse_parenthesized(struct parser *parser, struct operand *operand)
{
	int r = enter(parser);

	if (r < 0)
		return r;
	operand->kind = OPERAND_PIPELINE;
	r = parse_pipeline(parser, "parenthesized pipeline", TOKEN_CLOSE, &operand->pipeline);
	parser->depth--;
	return r;
}

static struct member *add_member(struct parser *parser, struct operand *operand, struct token token)
{
	struct member **last = &operand->members;

	while (*last)
		last = &(*last)->next;
	*last = arena_new(parser->arena, struct member);
	(*last)->pos = token.pos;
	(*last)->name =
		arena_strndup(parser->arena, parser->lexer.text + token.pos + 1, token.len - 1);
	return *last;
}

/* One term by its first token. 1: the token starts none. */
static int parse_term(struct parser *parser, struct operand *operand)
{
	struct token token = peek_word(parser);

	operand->pos = operand->at = token.pos;
	switch (token.kind) {
	case TOKEN_IDENTIFIER:
		return parse_identifier(parser, next(parser), operand);
	case TOKEN_DOT:
		(void)next(parser);
		operand->kind = OPERAND_DOT;
		return 0;
	case TOKEN_FIELD:
		operand->kind = OPERAND_FIELD;
		(void)add_member(parser, operand, next(parser));
		return 0;
	case TOKEN_VARIABLE:
		operand->kind = OPERAND_VARIABLE;
		operand->string = token_text(parser, next(parser));
		return require_variable(parser, operand->string);
	case TOKEN_NUMBER:
		return parse_number(parser, next(parser), operand);
	case TOKEN_STRING:
		operand->kind = OPERAND_STRING;
		return parse_quoted(parser, next(parser), &operand->string);
	case TOKEN_RAW:
		operand->kind = OPERAND_STRING;
		(void)next(parser);
		operand->string = arena_strndup(parser->arena, parser->lexer.text + token.pos + 1,
						token.len - 2);
		return 0;
	case TOKEN_OPEN:
		(void)next(parser);
		return parse_parenthesized(parser, operand);
	case TOKEN_END:
	case TOKEN_TEXT:
	case TOKEN_LEFT:
	case TOKEN_RIGHT:
	case TOKEN_SPACE:
	case TOKEN_PIPE:
	case TOKEN_COMMA:
	case TOKEN_DECLARE:
	case TOKEN_ASSIGN:
	case TOKEN_CLOSE:
	case TOKEN_ERROR:
		return 1;
	}
	return 1;
}

/* A term and the members chained to it. 1: there is none. */
static int parse_operand(struct parser *parser, struct operand **ret)
{
	struct operand *operand = arena_new(parser->arena, struct operand);
	bool chained = false;
	int r = parse_term(parser, operand);

	if (r != 0)
		return r;
	while (peek(parser).kind == TOKEN_FIELD) {
		struct member *member = add_member(parser, operand, next(parser));

		if (!chained)
			operand->at = member->pos;
		chained = true;
	}
	operand->end = peek(parser).pos;
	if (chained && operand->kind != OPERAND_FIELD && operand->kind != OPERAND_VARIABLE &&
	    operand->kind != OPERAND_PIPELINE)
		return fail(parser, "unexpected . after term \"%.*s\"",
			    (int)(operand->at - operand->pos), parser->lexer.text + operand->pos);
	*ret = operand;
	return 0;
}

/* 1: a pipe and so another stage follows. */
static int parse_stage(struct parser *parser, struct stage **ret)
{
	struct stage *stage = arena_new(parser->arena, struct stage);
	struct operand **last = &stage->operands;
	struct token token;
	int r;

	stage->pos = peek_word(parser).pos;
	do {
		r = parse_operand(parser, last);
		if (r < 0)
			return r;
		if (r == 0) {
			stage->end = (*last)->end;
			stage->operand_count++;
			last = &(*last)->next;
		}
		token = next(parser);
	} while (token.kind == TOKEN_SPACE);
	if (stage->operand_count > ARGUMENTS_MAX)
		return fail(parser, "more than %d arguments", ARGUMENTS_MAX);
	if (token.kind == TOKEN_RIGHT || token.kind == TOKEN_CLOSE) {
		parser->peeked = token;
		parser->has_peeked = true;
	} else if (token.kind != TOKEN_PIPE) {
		return unexpected(parser, token, "operand");
	}
	if (stage->operand_count == 0)
		return fail(parser, "empty command");
	*ret = stage;
	return token.kind == TOKEN_PIPE;
}

/* "$x :=", "$x =" or, behind range, "$i, $x :=". Leaves the parser as it was if there is none. */
static void parse_declaration(struct parser *parser, bool range, struct pipeline *pipeline)
{
	struct parser saved = *parser;
	struct token token;

	for (;;) {
		token = next_word(parser);
		if (token.kind != TOKEN_VARIABLE)
			break;
		pipeline->variables[pipeline->variable_count++] = token_text(parser, token);
		token = next_word(parser);
		if (token.kind == TOKEN_COMMA && range && pipeline->variable_count == 1)
			continue;
		if (token.kind != TOKEN_DECLARE && token.kind != TOKEN_ASSIGN)
			break;
		pipeline->assign = token.kind == TOKEN_ASSIGN;
		return;
	}
	pipeline->variable_count = 0;
	*parser = saved;
}

/* Behind the pipeline, which does not know its own variables yet. */
static int finish_declaration(struct parser *parser, const struct pipeline *pipeline)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pipeline->variable_count; i++)
		r = pipeline->assign ? require_variable(parser, pipeline->variables[i])
				     : declare(parser, pipeline->variables[i]);
	return r;
}

static bool is_executable(const struct operand *operand)
{
	return operand->kind == OPERAND_FUNCTION || operand->kind == OPERAND_FIELD ||
	       operand->kind == OPERAND_VARIABLE || operand->kind == OPERAND_PIPELINE;
}

static int parse_pipeline(struct parser *parser, const char *what, enum token_kind end,
			  struct pipeline **ret)
{
	struct pipeline *pipeline = arena_new(parser->arena, struct pipeline);
	struct stage **last = &pipeline->stages;
	size_t count = 0;
	bool piped = false;
	int r;

	pipeline->pos = peek_word(parser).pos;
	parse_declaration(parser, STREQ(what, "range"), pipeline);
	while (peek_word(parser).kind != end || piped) {
		if (peek(parser).kind == TOKEN_ERROR || peek(parser).kind == TOKEN_END)
			return unexpected(parser, next(parser), what);
		r = parse_stage(parser, last);
		if (r < 0)
			return r;
		piped = r > 0;
		count++;
		if (count > 1 && !is_executable((*last)->operands))
			return fail(parser, "non executable command in pipeline stage %zu", count);
		pipeline->end = (*last)->end;
		last = &(*last)->next;
	}
	(void)next(parser);
	if (!pipeline->stages)
		return fail(parser, "missing value for %s", what);
	*ret = pipeline;
	return finish_declaration(parser, pipeline);
}

static int parse_list(struct parser *parser, struct node **ret, enum list_end *ret_end);

static int parse_control(struct parser *parser, enum node_kind kind, struct node *node);

/* Behind {{else: "}}" and a list up to {{end}}, or "if ...}}" and all that belongs to that if. */
static int parse_otherwise(struct parser *parser, enum node_kind kind, struct node *node)
{
	struct token token = next_word(parser);
	enum list_end end = LIST_EOF;
	int r;

	if ((kind == NODE_IF && token_is(parser, token, "if")) ||
	    (kind == NODE_WITH && token_is(parser, token, "with"))) {
		node->otherwise = arena_new(parser->arena, struct node);
		return parse_control(parser, kind, node->otherwise);
	}
	if (token.kind != TOKEN_RIGHT)
		return unexpected(parser, token, "{{else}}");
	r = parse_list(parser, &node->otherwise, &end);
	if (r < 0)
		return r;
	if (end != LIST_END)
		return fail(parser, "expected end; found {{else}}");
	return 0;
}

static int parse_control(struct parser *parser, enum node_kind kind, struct node *node)
{
	const char *what = kind == NODE_IF ? "if" : kind == NODE_RANGE ? "range" : "with";
	size_t variables = parser->variable_count;
	enum list_end end = LIST_EOF;
	int r;

	node->kind = kind;
	r = enter(parser);
	if (r < 0)
		return r;
	r = parse_pipeline(parser, what, TOKEN_RIGHT, &node->pipeline);
	if (r < 0)
		return r;
	node->pos = node->pipeline->pos;
	parser->loops += kind == NODE_RANGE;
	r = parse_list(parser, &node->body, &end);
	parser->loops -= kind == NODE_RANGE;
	if (r == 0 && end == LIST_ELSE)
		r = parse_otherwise(parser, kind, node);
	else if (r == 0 && end == LIST_EOF)
		r = fail(parser, "unexpected EOF");
	parser->variable_count = variables;
	parser->depth--;
	return r;
}

static int parse_jump(struct parser *parser, enum node_kind kind, struct node *node)
{
	const char *what = kind == NODE_BREAK ? "break" : "continue";
	struct token token = next_word(parser);

	node->kind = kind;
	if (token.kind != TOKEN_RIGHT)
		return unexpected(parser, token, what);
	if (parser->loops == 0)
		return fail(parser, "{{%s}} outside {{range}}", what);
	return 0;
}

/* Behind "{{". 1: it was {{end}} or {{else, told in *@ret_end. */
static int parse_action(struct parser *parser, struct node *node, enum list_end *ret_end)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} controls[] = {{"if", NODE_IF}, {"range", NODE_RANGE}, {"with", NODE_WITH}};
	static const char *const unknown[] = {"define", "template", "block"};
	struct token token = peek_word(parser);

	if (token_is(parser, token, "end")) {
		(void)next(parser);
		*ret_end = LIST_END;
		token = next_word(parser);
		return token.kind == TOKEN_RIGHT ? 1 : unexpected(parser, token, "end");
	}
	if (token_is(parser, token, "else")) {
		(void)next(parser);
		*ret_end = LIST_ELSE;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (token_is(parser, token, controls[i].word)) {
			(void)next(parser);
			return parse_control(parser, controls[i].kind, node);
		}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		if (token_is(parser, token, unknown[i]))
			return fail(parser, "{{%s}} is not supported", unknown[i]);
	if (token_is(parser, token, "break") || token_is(parser, token, "continue")) {
		(void)next(parser);
		return parse_jump(parser,
				  token_is(parser, token, "break") ? NODE_BREAK : NODE_CONTINUE,
				  node);
	}
	node->kind = NODE_ACTION;
	node->pos = token.pos;
	return parse_pipeline(parser, "command", TOKEN_RIGHT, &node->pipeline);
}

static int parse_list(struct parser *parser, struct node **ret, enum list_end *ret_end)
{
	struct node **last = ret;

	for (;;) {
		struct token token = next(parser);
		struct node *node;
		int r;

		if (token.kind == TOKEN_END) {
			*ret_end = LIST_EOF;
			return 0;
		}
		node = arena_new(parser->arena, struct node);
		if (token.kind == TOKEN_TEXT) {
			node->kind = NODE_TEXT;
			node->pos = token.pos;
			node->end = token.pos + token.len;
		} else if (token.kind == TOKEN_LEFT) {
			r = parse_action(parser, node, ret_end);
			if (r != 0)
				return r < 0 ? r : 0;
		} else {
			return unexpected(parser, token, "input");
		}
		*last = node;
		last = &node->next;
	}
}

int template_parse_tree(struct template *template, char **ret_why)
{
	struct parser parser = {
		.lexer = {.text = template->text, .len = strlen(template->text)},
		.arena = &template->arena,
		.variables = {"$"},
		.variable_count = 1,
		.ret_why = ret_why,
	};
	enum list_end end = LIST_EOF;
	int r = parse_list(&parser, &template->nodes, &end);

	if (r < 0)
		return r;
	if (end == LIST_END)
		return fail(&parser, "unexpected {{end}}");
	if (end == LIST_ELSE)
		return fail(&parser, "unexpected {{else}}");
	return 0;
}
