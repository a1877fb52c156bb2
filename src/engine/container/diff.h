/*
 * What a container has changed in its root file system, against its image: its upper directory,
 * read on descriptors, beside the layers.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stddef.h>

enum change_kind {
	CHANGE_MODIFIED, /* "C", and Docker's number */
	CHANGE_ADDED,	 /* "A" */
	CHANGE_DELETED,	 /* "D" */
};

struct change {
	enum change_kind kind;
	char *path; /* absolute in the container */
};

#define CHANGES_MAX 1000000

/* *@ret: *@ret_count changes, ordered by path, for changes_free(). ERROR_EXHAUSTED: more than
 * CHANGES_MAX. */
int container_diff(struct engine *engine, const struct container *container, struct change **ret,
		   size_t *ret_count, struct error *err) MUST_CHECK;
void changes_free(struct change *changes, size_t count);
