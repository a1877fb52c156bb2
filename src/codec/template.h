/*
 * Go templates (text/template), as far as users type them behind --format, over JSON documents.
 *
 * Known: text, fields and chains, variables, pipelines and parentheses, if/else if/else, range with
 * one or two variables, with, break, continue, comments, trim markers; the functions of the
 * language (and or not eq ne lt le gt ge len index slice print printf println) and Docker's (json
 * split join title lower upper pad truncate). Not known, and refused by name: define, template,
 * block, call, html, js, urlquery, and numbers that are no integers.
 *
 * Failures are told in the words of Go, which users and scripts know:
 *   template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"
 *
 * An object is a Go struct (an unknown member is an error, it prints as {a b}) unless it is the
 * value of a member listed in template_data.types. The text, its nesting, the work and the output
 * are bounded: a template may come from a client.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "codec/json.h"

#define TEMPLATE_TEXT_MAX   (64 * 1024)
#define TEMPLATE_DEPTH_MAX  64
#define TEMPLATE_STEPS_MAX  (4 * 1000 * 1000)
#define TEMPLATE_OUTPUT_MAX (64 * 1024 * 1024)

struct template;

/* What Go would know by the type of a member, and JSON does not say. */
enum template_type {
	TEMPLATE_STRUCT,
	TEMPLATE_STRING_MAP, /* a missing key is no error; index gives "" */
	TEMPLATE_MAP,	     /* a missing key is no error; index gives nil */
	TEMPLATE_LIST,	     /* null prints as [] */
	TEMPLATE_POINTER,    /* null prints as <nil> */
};

struct template_member {
	const char *name; /* NULL ends the table */
	enum template_type type;
};

struct template_data {
	const struct json *root;	     /* what "." is */
	const struct template_member *types; /* may be NULL */
	/* Members that take one argument: {"Label": {"key": "value"}} makes {{.Label "key"}} */
	const struct json *methods; /* may be NULL */
	/* The root holds column headings: functions give their first string back unchanged */
	bool headings;
};

/* Parses @text. 0; -EINVAL, and then *@ret_why (owned) says why; -E2BIG likewise. */
int template_parse(const char *text, struct template **ret, char **ret_why) MUST_CHECK;

/* Appends the result to @out. 0; -EINVAL or -E2BIG with *@ret_why (owned); what was appended before
 * the failure stays in @out. */
int template_execute(const struct template *template, const struct template_data *data,
		     struct str *out, char **ret_why) MUST_CHECK;

void template_free(struct template *template);
void template_freep(struct template **template);
#define auto_template CLEANUP(template_freep) struct template
