/*
 * Workers: kist-worker in one of its roles, in a sandbox, with exactly the descriptors it needs.
 *
 * The worker enters its sandbox (io/sandbox) before it reads a byte, talks to us over one socket of
 * messages, and dies with us. What it says is bounded and checked here; what it means is the
 * caller's business. A worker that dies, or says what it must not, is an error that names the role.
 *
 * Descriptors in the worker: 0, 1 are /dev/null, 2 is ours, WORKER_CONTROL the socket, and the
 * caller's from WORKER_FIRST upwards, in order.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "io/imsg.h"
#include "io/spawn.h"

#include <stdbool.h>
#include <stdint.h>

#define WORKER_CONTROL 3
#define WORKER_FIRST   4
#define WORKER_FDS_MAX 16

enum worker_role {
	WORKER_FETCH,
	WORKER_UNPACK,
	WORKER_APPLY,
	WORKER_ARCHIVE,
};

enum worker_message {
	WORKER_PROGRESS = 1,   /* uint64_t: bytes so far */
	WORKER_DATA,	       /* a piece of the answer; pieces are joined by worker_wait */
	WORKER_DONE,	       /* the last message: a fixed structure of the job, or nothing */
	WORKER_ERROR,	       /* the last message: uint32_t kind, then the sentence */
	WORKER_FIRST_OWN = 32, /* from here on, of the role's own */
};

struct worker {
	enum worker_role role;
	struct child child;
	int control; /* owned; poll it for POLLIN, then call worker_receive */
};

/* Starts "kist-worker <role> <args…>" with descriptors @fds (borrowed). @args ends with NULL. */
int worker_start(enum worker_role role, char *const *args, const int *fds, size_t fd_count,
		 struct worker *ret, struct error *err) MUST_CHECK;

/*
 * The next message: 1 and *@ret; 0 if there is none now and @wait is false. WORKER_ERROR and an
 * unexpected end come back as errors in @err, not as messages. After WORKER_DONE or an error the
 * worker is reaped; do not call again.
 */
int worker_receive(struct worker *worker, bool wait, struct imsg *ret,
		   struct error *err) MUST_CHECK;

/*
 * Runs to the end: joins WORKER_DATA in @data (NULL: none is expected) up to @max bytes, and copies
 * the structure of WORKER_DONE to @done, which must be exactly @done_len bytes.
 */
int worker_wait(struct worker *worker, struct str *data, size_t max, void *done, size_t done_len,
		struct error *err) MUST_CHECK;

/* Kills and reaps it if it still lives, closes the socket. */
void worker_release(struct worker *worker);
#define WORKER_NONE ((struct worker) {.child.pid_fd = -EBADF, .control = -EBADF})
#define auto_worker CLEANUP(worker_release) struct worker

/* For the worker's side. A failure to send means that the parent is gone: they then end the
 * process. */
void worker_send(uint32_t type, const void *data, size_t len);
void worker_send_text(const char *text, size_t len); /* as WORKER_DATA messages */
/* Sends the error and ends the process. */
NORETURN void worker_fail(struct error *err);
