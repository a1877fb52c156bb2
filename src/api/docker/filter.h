/*
 * --filter name=value of listings. Values of one name are alternatives, except labels, which must
 * all be there; different names must all match: Docker's rules.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>

struct filter {
	const char *name; /* NULL ends the table */
	/* Whether @object has @value. */
	bool (*matches)(const void *object, const char *value);
	/* Refuses values that make no sense; may be NULL. */
	int (*check)(const char *value, struct error *err);
	bool all; /* every value must match */
};

/* Each argument has the form name=value, and a name of the table. Returns 0 or ERROR_INVALID. */
int filter_check(const struct filter *filters, const struct strv *arguments,
		 struct error *err) MUST_CHECK;

/* @arguments have been checked. */
bool filter_matches(const struct filter *filters, const struct strv *arguments, const void *object);

/* Whether an argument is about @name. */
bool filter_has(const struct strv *arguments, const char *name);

/* Whether "key" or "key=value" is in @labels, a list of "key=value". */
bool filter_label(const struct strv *labels, const char *value);
