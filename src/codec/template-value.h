/*
 * Values of a template while it is executed, and the functions on them: private to template-*.c.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/template-tree.h"
#include "codec/template.h"

#include <stdbool.h>
#include <stdint.h>

enum value_kind {
	VALUE_NONE, /* nil, or a key that is not there */
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_JSON, /* an array, an object, or a number that is no integer */
};

struct value {
	enum value_kind kind;
	enum template_type type; /* of VALUE_NONE and VALUE_JSON */
	int64_t number;		 /* VALUE_NUMBER; VALUE_BOOL: 0 or 1 */
	const char *string;	 /* VALUE_STRING; lives as long as the execution */
	const struct json *json;
};

struct variable {
	const char *name;
	struct value value;
};

#define VARIABLES_MAX 64

/* A JSON document that the execution owns; the node is in its arena. */
struct document {
	struct json *json;
	struct document *next;
};

struct execution {
	const struct template *template;
	const struct template_data *data;
	struct str *out;
	size_t out_start;
	struct arena arena;
	size_t memory; /* bytes of strings made */
	size_t steps;
	struct variable variables[VARIABLES_MAX];
	size_t variable_count;
	struct document *documents; /* lists made by split and slice */
	char *why;
};

/* A function of templates. and and or have no call: they evaluate only what they need. */
struct function {
	const char *name;
	size_t arguments_min;
	size_t arguments_max; /* ARGUMENTS_ANY */
	/* On failure execution->why says what is wrong, without place or name. */
	int (*call)(struct execution *execution, const struct value *arguments, size_t count,
		    struct value *ret);
	bool keeps_headings; /* in a heading it gives back its first string */
};

#define ARGUMENTS_ANY ((size_t)-1)
#define ARGUMENTS_MAX 32

const struct function *function_find(const char *name, size_t len);

/* Sets execution->why (unless set) and returns -EINVAL. */
int execution_fail(struct execution *execution, const char *fmt, ...) PRINTF(2, 3);
/* Counts memory that a function makes; -E2BIG when there is too much of it. */
int execution_charge(struct execution *execution, size_t len);
/* A copy that lives as long as the execution; -E2BIG when it has made too many. */
int execution_keep(struct execution *execution, const char *s, size_t len, const char **ret);

struct value value_of(const struct json *json);
struct value value_number(int64_t number);
struct value value_bool(bool truth);
struct value value_string(const char *string);
/* What `if` makes of it. */
bool value_true(const struct value *value);
/* As {{.}} prints it. */
void value_print(const struct value *value, const struct template_member *types, struct str *out);
/* As {{json .}} prints it. */
void value_json(const struct value *value, struct str *out);
/* "string", "int", "map": what messages call it. */
const char *value_type_name(const struct value *value);
/* Below 0, 0, above 0 in *@ret; -EINVAL if they cannot be compared. */
int value_compare(const struct value *a, const struct value *b, int *ret);
/* The member @name of @value with the type that @types gives it. 0, or -ENOENT. */
int value_member(const struct value *value, const char *name, const struct template_member *types,
		 struct value *ret);

/* The keys of @object in byte order: @ret is mem_alloc'd, the keys belong to the object. */
size_t value_keys(const struct json *object, const char ***ret);

int template_printf(struct execution *execution, const struct value *arguments, size_t count,
		    struct value *ret);
