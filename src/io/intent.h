/*
 * Intents: what an operation is about to create, written down before it does.
 *
 * An intent is a file in intents/ below the root, called "<what>-<id>", whose text says in JSON
 * what to undo. The operation that wrote it holds a lock on it while it lives; when the operation
 * has succeeded (or undone itself) it removes the file, so that the folder is empty at rest. Every
 * command first looks through the folder: an intent whose lock is free belongs to a dead operation
 * and is undone. The cost of that look depends on the intents there are, not on the containers.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"

struct intent {
	int dir_fd; /* owned */
	int fd;	    /* owned; holds the lock */
	char *name;
};

/* Writes the intent "<what>-<id>" with @text and locks it, in one step for whoever looks.
 * ERROR_CONFLICT if a living operation holds one of that name. */
int intent_begin(const struct root *root, const char *what, const char *id, const char *text,
		 struct intent *ret, struct error *err) MUST_CHECK;

/* Replaces the text of one's own intent. */
int intent_update(struct intent *intent, const char *text, struct error *err) MUST_CHECK;

/* The operation is complete, or undone: removes the file, or empties it if it cannot be removed:
 * what has no text is not undone by anybody. */
void intent_end(struct intent *intent);

/* Frees the object but leaves the file, unlocked: the next command will undo it. */
void intent_abandon(struct intent *intent);
#define auto_intent CLEANUP(intent_abandon) struct intent

/*
 * Calls @undo for each intent whose owner is dead, holding its lock, and removes it when @undo
 * returned 0.
 * @undo must be idempotent. Errors of @undo leave that intent in place and do not stop the others.
 * Returns the number of intents undone, or a negative errno with @err set if the folder cannot be
 * read.
 */
int intent_recover(const struct root *root,
		   int (*undo)(const char *what, const char *id, const char *text, void *arg),
		   void *arg, struct error *err) MUST_CHECK;
