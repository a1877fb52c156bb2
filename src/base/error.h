/*
 * Errors that say why: a kind for programs, a sentence for humans.
 *
 * Used from layer spec upwards; base, codec, kern and io return 0 or -errno and make no sentences.
 * A function that fails sets its struct error once, where the failure is understood, and returns a
 * negative errno; callers add context with error_prefix() and main() or the API prints it, once.
 * Every function here accepts err == NULL and then only computes the return value.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

enum error_kind {
	ERROR_NONE = 0,
	ERROR_INVALID,		      /* the request makes no sense: HTTP 400 */
	ERROR_NOT_FOUND,	      /* a named object does not exist: 404 */
	ERROR_CONFLICT,		      /* a name, port or state is in the way: 409 */
	ERROR_DENIED,		      /* not permitted: 403 */
	ERROR_UNAVAILABLE,	      /* somebody outside does not answer, or not now: 503 */
	ERROR_EXHAUSTED,	      /* disk, memory, descriptors, addresses: 507 */
	ERROR_UNSUPPORTED,	      /* this machine, kernel or build lacks it: 501 */
	ERROR_CORRUPT,		      /* bytes are not what their digest or format says: 500 */
	ERROR_COMMAND_NOT_FOUND,      /* the container's command does not exist: exit status 127 */
	ERROR_COMMAND_NOT_EXECUTABLE, /* the container's command cannot be executed: exit status 126
				       */
	ERROR_SYSTEM,		      /* the kernel refused: errno says why: 500 */
	ERROR_KIND_COUNT,
};

struct error {
	enum error_kind kind;
	int errnum;    /* positive errno behind the kind, 0 if none */
	char *message; /* owned; NULL while kind is ERROR_NONE */
};

#define auto_error CLEANUP(error_release) struct error

/* Sets @err. Returns the negative errno that stands for @kind (never 0). An error already set
 * stays. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...) PRINTF(3, 4);

/*
 * Sets @err from @errnum (either sign) with strerror's text appended after ": ", and the kind that
 * belongs to the errno (ENOSPC, EMFILE, ENOMEM: ERROR_EXHAUSTED; EACCES, EPERM: ERROR_DENIED; ...).
 * Returns -|errnum|.
 */
int error_errno(struct error *err, int errnum, const char *fmt, ...) PRINTF(3, 4);

/* Puts "text: " before the message. Returns the negative errno of the error as it stands. */
int error_prefix(struct error *err, const char *fmt, ...) PRINTF(2, 3);

/* Moves the error from @from to @to (which must be empty or NULL). Returns its negative errno. */
int error_move(struct error *to, struct error *from);

void error_release(struct error *err);

/* The short stable name of a kind ("not-found"), for records that cross a process boundary, and
 * back. An unknown name is ERROR_SYSTEM. */
const char *error_kind_name(enum error_kind kind);
enum error_kind error_kind_parse(const char *name);

/* Docker's exit status for a failed run: 127, 126, otherwise 125. */
int error_exit_status(const struct error *err);
