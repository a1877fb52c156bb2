/*
 * Attached to a process: a container's own, or one executed in it (engine/exec.h).
 *
 * Whoever starts or attaches gets a struct attachment, a connection to the monitor that holds the
 * process's terminal or pipes, and hands it to attachment_run(), which carries the streams until
 * one side ends. Two kinds of callers:
 *
 *   a command   gives its own descriptors. With @terminal set, that terminal is made raw, its size
 *               is the process's from the first moment on and follows it (SIGWINCH), and it is
 *               given back as it was on every way out, by a signal or a stop (SIGTSTP) as well.
 *   a door      gives its client's socket as @in and @client, what it has read of the input too
 *               early as @early, and takes output by @output with stream 1 or 2, to frame it
 *               itself. It sizes the terminal by container_resize() and exec_resize(), from
 *               whichever process.
 *
 * A terminal has one output: everything comes as stream 1, with the "\r\n" of a terminal.
 *
 * The end of @in is the end of the process's stdin only if its creator said so (stdin_once) or if
 * the one attached is the one who started it; it is never that of a terminal. Output goes on.
 *
 * Slow readers: one who attached before the start loses nothing, and the process waits for it; one
 * who attached later is disconnected (ATTACH_LOST) when it is 256 KiB behind, and holds back only
 * itself.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define DETACH_KEYS_MAX	    32

struct attach_options {
	/* Descriptors; -EBADF: not that stream. They stay the caller's. */
	int in, out, err;
	/* Instead of @out and @err, which then only say whether that stream is wanted (>= 0). The
	 * data are valid for the call; negative: the client is gone. */
	int (*output)(void *arg, int stream, const void *data, size_t len);
	void *arg;
	const void *early; /* input that was read before */
	size_t early_len;
	int terminal;	   /* the caller's own, to be made raw; -EBADF */
	int client;	   /* a socket whose hang-up ends the session; -EBADF */
	bool signal_proxy; /* our SIGINT, SIGTERM, ... go to the container; not with a terminal */
	const char *detach_keys; /* NULL: DETACH_KEYS_DEFAULT. Looked for with a terminal only */
};

#define ATTACH_OPTIONS_NONE                                                                      \
	{                                                                                        \
		.in = -EBADF, .out = -EBADF, .err = -EBADF, .terminal = -EBADF, .client = -EBADF \
	}

struct attachment {
	int fd;		/* connection to the monitor, owned; -EBADF */
	int waiting_fd; /* until it is started: where its starter leaves the connection, owned */
	char *waiting_path;
	bool owner; /* the monitor leaves the cleanup to us */
	bool tty;   /* the process has a terminal */
	bool stdin_open;
	bool stdin_ends;  /* the end of our input is the end of its */
	char id[65];	  /* of the container, or */
	char exec_id[65]; /* of the executed process; empty: the container's own */
};

#define ATTACHMENT_NONE                             \
	{                                           \
		.fd = -EBADF, .waiting_fd = -EBADF, \
	}

void attachment_release(struct attachment *attachment);
#define auto_attachment CLEANUP(attachment_release) struct attachment

enum attach_end {
	ATTACH_EXITED,	 /* the process has ended: code */
	ATTACH_DETACHED, /* the detach keys; the process goes on */
	ATTACH_LEFT,	 /* the client is gone, or its output cannot be written */
	ATTACH_LOST,	 /* the monitor has disconnected us: too slow, or it was killed and no new
			  * one could take over the terminal */
};

struct attach_result {
	enum attach_end end;
	int code; /* CONTAINER_EXIT_UNKNOWN: nobody knows it */
};

/*
 * Carries the streams. Waits first, if @attachment is one for the next start. Killed by a signal
 * that ends programs, it gives the terminal back first. An owner cleans up after the end.
 */
int attachment_run(struct engine *engine, struct attachment *attachment,
		   const struct attach_options *options, struct attach_result *ret,
		   struct error *err) MUST_CHECK;

/* "a", "ctrl-a" … "ctrl-z", "ctrl-@ [ \ ] ^ _", comma-separated, as bytes; their number, 0 for an
 * empty text. ERROR_INVALID in Docker's words. */
int detach_keys_parse(const char *text, unsigned char ret[DETACH_KEYS_MAX],
		      struct error *err) MUST_CHECK;
