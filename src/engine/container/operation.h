/*
 * One operation at a time on a container that changes what it has: create, start, cleanup, remove.
 *
 * The intent "container-<id>" is its lock and its undo log in one. The text says what an
 * interruption leads to. Reading, signals, exec and waiting take no part in this.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"
#include "io/intent.h"

enum container_undo_kind {
	UNDO_CLEAN,	     /* what container_cleanup() does; nothing while it runs */
	UNDO_START,	     /* kill it, and take back what the start made */
	UNDO_REMOVE,	     /* remove it, but no volumes other than an auto_remove container's */
	UNDO_REMOVE_VOLUMES, /* remove it, and anonymous volumes too: it never was */
	UNDO_RENAME,	     /* give back the name that the record does not say */
};

/* The text of the intent; @name may be NULL. Owned by the caller. */
char *container_operation_text(enum container_undo_kind undo, const char *name) MUST_CHECK;
int container_operation_parse(const char *text, enum container_undo_kind *ret_undo, char **ret_name,
			      struct error *err) MUST_CHECK;

/*
 * Begins; waits some seconds for another operation on the same container, the cleanup after its
 * end for example. ERROR_CONFLICT if that goes on.
 */
int container_operation_begin(struct engine *engine, const char *id, enum container_undo_kind undo,
			      const char *name, struct intent *ret, struct error *err) MUST_CHECK;

/* The same without waiting. */
int container_operation_try(struct engine *engine, const char *id, enum container_undo_kind undo,
			    const char *name, struct intent *ret, struct error *err) MUST_CHECK;

/* Undoes what dead operations left. */
int container_operation_recover(struct engine *engine, struct error *err) MUST_CHECK;
