/*
 * The words of a template. Positions are byte offsets into its text.
 */
#include "codec/template-tree.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

static bool starts_at(const struct lexer *lexer, size_t pos, const char *s)
{
	size_t len = strlen(s);

	return lexer->len - pos >= len && memcmp(lexer->text + pos, s, len) == 0;
}

static char char_at(const struct lexer *lexer, size_t pos)
{
	return pos < lexer->len ? lexer->text[pos] : '\0';
}

static struct token token_make(struct lexer *lexer, enum token_kind kind, size_t start, size_t end)
{
	lexer->pos = end;
	return (struct token) {kind, start, end - start};
}

static struct token token_error(struct lexer *lexer, const char *why)
{
	lexer->why = why;
	return (struct token) {TOKEN_ERROR, lexer->pos, 0};
}

/* "}}", or " -}}" which takes the space in front of the next text along: its length, or 0. */
static size_t right_delimiter(const struct lexer *lexer, size_t pos)
{
	if (starts_at(lexer, pos, "}}"))
		return 2;
	if (is_space(char_at(lexer, pos)) && starts_at(lexer, pos + 1, "-}}"))
		return 4;
	return 0;
}

static size_t find_left(const struct lexer *lexer)
{
	const char *found = memmem(lexer->text + lexer->pos, lexer->len - lexer->pos, "{{", 2);

	return found ? (size_t)(found - lexer->text) : lexer->len;
}

static bool has_left_trim(const struct lexer *lexer, size_t left)
{
	return starts_at(lexer, left, "{{-") && is_space(char_at(lexer, left + 3));
}

/* The text in front of the next action, without the space that trim markers take. */
static struct token lex_text(struct lexer *lexer, size_t left)
{
	size_t start = lexer->pos, end = left;

	if (lexer->trim_next)
		while (start < end && is_space(lexer->text[start]))
			start++;
	if (left < lexer->len && has_left_trim(lexer, left))
		while (end > start && is_space(lexer->text[end - 1]))
			end--;
	lexer->trim_next = false;
	lexer->pos = left;
	return (struct token) {TOKEN_TEXT, start, end - start};
}

/* Skips the comment that starts at @pos. 0, or -1 with lexer->why set. */
static int skip_comment(struct lexer *lexer, size_t pos)
{
	const char *found = memmem(lexer->text + pos, lexer->len - pos, "*/", 2);
	size_t end, delimiter;

	if (!found) {
		lexer->why = "unclosed comment";
		return -1;
	}
	end = (size_t)(found - lexer->text) + 2;
	delimiter = right_delimiter(lexer, end);
	if (!delimiter) {
		lexer->why = "comment ends before closing delimiter";
		return -1;
	}
	lexer->pos = end + delimiter;
	lexer->trim_next = delimiter == 4;
	return 0;
}

static struct token lex_outside(struct lexer *lexer)
{
	for (;;) {
		size_t left = find_left(lexer);
		size_t inner;

		if (left > lexer->pos) {
			struct token text = lex_text(lexer, left);

			if (text.len > 0)
				return text;
		}
		if (left == lexer->len)
			return (struct token) {TOKEN_END, lexer->len, 0};
		inner = left + (has_left_trim(lexer, left) ? 3 : 2);
		lexer->trim_next = false;
		/* A comment may follow the trim marker and its space, but no space alone. */
		if (starts_at(lexer, inner == left + 3 ? inner + 1 : inner, "/*")) {
			if (skip_comment(lexer, inner + 2) < 0)
				return token_error(lexer, lexer->why);
			continue;
		}
		lexer->inside = true;
		lexer->parens = 0;
		return token_make(lexer, TOKEN_LEFT, left, inner);
	}
}

static struct token lex_quoted(struct lexer *lexer)
{
	size_t pos = lexer->pos + 1;

	for (; pos < lexer->len && lexer->text[pos] != '\n'; pos++) {
		if (lexer->text[pos] == '\\')
			pos++;
		else if (lexer->text[pos] == '"')
			return token_make(lexer, TOKEN_STRING, lexer->pos, pos + 1);
	}
	return token_error(lexer, "unterminated quoted string");
}

static struct token lex_raw(struct lexer *lexer)
{
	const char *end = memchr(lexer->text + lexer->pos + 1, '`', lexer->len - lexer->pos - 1);

	if (!end)
		return token_error(lexer, "unterminated raw quoted string");
	return token_make(lexer, TOKEN_RAW, lexer->pos, (size_t)(end - lexer->text) + 1);
}

/* A word of @kind whose first byte has been looked at; it must end where a word can. */
static struct token lex_word(struct lexer *lexer, enum token_kind kind)
{
	size_t end = lexer->pos + 1;
	char next;

	while (end < lexer->len && is_word(lexer->text[end]))
		end++;
	next = char_at(lexer, end);
	if (end < lexer->len && !is_space(next) && !strchr(".,|:()=", next) &&
	    !right_delimiter(lexer, end))
		return token_error(lexer, "bad character in action");
	return token_make(lexer, kind, lexer->pos, end);
}

static struct token lex_number(struct lexer *lexer)
{
	size_t end = lexer->pos + 1;

	while (end < lexer->len && (is_word(lexer->text[end]) || lexer->text[end] == '.'))
		end++;
	return token_make(lexer, TOKEN_NUMBER, lexer->pos, end);
}

static struct token lex_mark(struct lexer *lexer, char c)
{
	size_t pos = lexer->pos;

	switch (c) {
	case '|':
		return token_make(lexer, TOKEN_PIPE, pos, pos + 1);
	case ',':
		return token_make(lexer, TOKEN_COMMA, pos, pos + 1);
	case '=':
		return token_make(lexer, TOKEN_ASSIGN, pos, pos + 1);
	case ':':
		if (char_at(lexer, pos + 1) != '=')
			return token_error(lexer, "expected :=");
		return token_make(lexer, TOKEN_DECLARE, pos, pos + 2);
	case '(':
		lexer->parens++;
		return token_make(lexer, TOKEN_OPEN, pos, pos + 1);
	case ')':
		if (lexer->parens == 0)
			return token_error(lexer, "unexpected right paren");
		lexer->parens--;
		return token_make(lexer, TOKEN_CLOSE, pos, pos + 1);
	default:
		return token_error(lexer, "unrecognized character in action");
	}
}

static struct token lex_inside(struct lexer *lexer)
{
	size_t pos = lexer->pos, delimiter = right_delimiter(lexer, pos);
	char c, next;

	if (delimiter > 0) {
		if (lexer->parens > 0)
			return token_error(lexer, "unclosed left paren");
		lexer->inside = false;
		lexer->trim_next = delimiter == 4;
		return token_make(lexer, TOKEN_RIGHT, pos, pos + delimiter);
	}
	if (pos == lexer->len)
		return token_error(lexer, "unclosed action");
	c = lexer->text[pos];
	next = char_at(lexer, pos + 1);
	if (is_space(c)) {
		while (is_space(char_at(lexer, pos)) && !right_delimiter(lexer, pos))
			pos++;
		return token_make(lexer, TOKEN_SPACE, lexer->pos, pos);
	}
	if (c == '"')
		return lex_quoted(lexer);
	if (c == '`')
		return lex_raw(lexer);
	if (c == '$')
		return lex_word(lexer, TOKEN_VARIABLE);
	if (c == '.' && is_word(next) && !(next >= '0' && next <= '9'))
		return lex_word(lexer, TOKEN_FIELD);
	if (c == '.' && !is_word(next))
		return token_make(lexer, TOKEN_DOT, pos, pos + 1);
	if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9'))
		return lex_number(lexer);
	if (is_word(c))
		return lex_word(lexer, TOKEN_IDENTIFIER);
	return lex_mark(lexer, c);
}

struct token lexer_next(struct lexer *lexer)
{
	return lexer->inside ? lex_inside(lexer) : lex_outside(lexer);
}
