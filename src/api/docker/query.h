/*
 * Parameters of a query that several requests have.
 */
#pragma once

#include "api/request.h"

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970, with up to nine places behind a dot: what clients make of --since. *@ret is
 * nanoseconds, *@ret_given whether there is one (may be NULL). */
int query_time(const struct request *request, const char *name, int64_t *ret, bool *ret_given,
	       struct error *err) MUST_CHECK;

/* "h" and "w" of a terminal. */
int query_size(const struct request *request, unsigned *ret_rows, unsigned *ret_columns,
	       struct error *err) MUST_CHECK;
