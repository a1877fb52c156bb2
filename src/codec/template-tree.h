/*
 * A parsed template: private to template-*.c. All nodes live in the arena of their template and
 * point into its text.
 */
#pragma once

#include "base/macro.h"
#include "base/mem.h"
#include "codec/template.h"

#include <stdbool.h>
#include <stdint.h>

/* Memory that is freed all at once. */
struct arena {
	struct arena_chunk *chunks;
};

void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
char *arena_strndup(struct arena *arena, const char *s, size_t len) MUST_CHECK;
void arena_release(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

enum token_kind {
	TOKEN_END,
	TOKEN_TEXT,
	TOKEN_LEFT,	  /* {{ */
	TOKEN_RIGHT,	  /* }} */
	TOKEN_SPACE,	  /* between words of an action */
	TOKEN_DOT,	  /* . */
	TOKEN_FIELD,	  /* .Name */
	TOKEN_VARIABLE,	  /* $ or $name */
	TOKEN_IDENTIFIER, /* functions, keywords, true, false, nil */
	TOKEN_NUMBER,
	TOKEN_STRING, /* "quoted", with its quotes */
	TOKEN_RAW,    /* `raw`, with its quotes */
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,  /* = */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_ERROR, /* lexer.why says what is wrong */
};

struct token {
	enum token_kind kind;
	size_t pos;
	size_t len;
};

struct lexer {
	const char *text;
	size_t len;
	size_t pos;
	size_t parens;
	bool inside;	 /* an action */
	bool trim_next;	 /* the last action ended with -}} */
	const char *why; /* of TOKEN_ERROR; static text */
};

struct token lexer_next(struct lexer *lexer);

enum operand_kind {
	OPERAND_DOT,
	OPERAND_FIELD, /* names below the dot */
	OPERAND_VARIABLE,
	OPERAND_FUNCTION,
	OPERAND_STRING,
	OPERAND_NUMBER,
	OPERAND_BOOL,
	OPERAND_NIL,
	OPERAND_PIPELINE,
};

/* A chain of members behind an operand: .A.B */
struct member {
	const char *name;
	size_t pos;
	struct member *next;
};

struct operand {
	enum operand_kind kind;
	size_t pos, end; /* of its text, for messages */
	size_t at;	 /* the position that Go names: of the last but one member in a chain */
	const struct function *function;
	const char *string; /* OPERAND_STRING: the value; OPERAND_VARIABLE: the name with its $ */
	int64_t number;	    /* OPERAND_NUMBER, OPERAND_BOOL */
	struct pipeline *pipeline;
	struct member *members;
	struct operand *next;
};

/* One stage of a pipeline: an operand, or a function with its arguments. */
struct stage {
	struct operand *operands;
	size_t operand_count;
	size_t pos, end;
	struct stage *next;
};

struct pipeline {
	const char *variables[2];
	size_t variable_count;
	bool assign; /* = rather than := */
	struct stage *stages;
	size_t pos, end;
};

enum node_kind {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_RANGE,
	NODE_WITH,
	NODE_BREAK,
	NODE_CONTINUE,
};

struct node {
	enum node_kind kind;
	size_t pos, end; /* NODE_TEXT: the text */
	struct pipeline *pipeline;
	struct node *body;
	struct node *otherwise;
	struct node *next;
};

struct template
{
	char *text;
	struct arena arena;
	struct node *nodes;
};

/* 0, or -EINVAL or -E2BIG with *@ret_why set. */
int template_parse_tree(struct template *template, char **ret_why) MUST_CHECK;
