/*
 * The columns that `ps` knows, and which of them its arguments ask for.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "kern/process-info.h"

#include <stddef.h>
#include <stdint.h>

struct top_column;

struct top_shown {
	const struct top_column *column; /* static */
	char *title;
};

/* What the cells need that no process says: made once. */
struct top_view {
	struct top_shown *columns;
	size_t count;
	int64_t boot; /* wall clock of the boot, ns */
	int64_t now;
	uint64_t memory;   /* of the machine, bytes */
	struct strv users; /* "id:name" of this machine */
	struct strv groups;
};

/* The arguments of ps; none is "-ef". ERROR_UNSUPPORTED names what is not known. */
int top_view_parse(const struct strv *arguments, struct top_view *ret,
		   struct error *err) MUST_CHECK;
void top_view_titles(const struct top_view *view, struct strv *ret);
void top_view_show(const struct top_view *view, const struct process_info *info, struct strv *ret);
void top_view_release(struct top_view *view);
