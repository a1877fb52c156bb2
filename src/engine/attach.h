/*
 * Attached to a process: a container's own, or one executed in it (engine/exec.h).
 *
 * Whoever starts or attaches gets a struct attachment, a connection to the monitor that holds the
 * process's terminal or pipes, and hands it to attachment_run(), which carries the streams until
 * one side ends. Two kinds of callers:
 *
 *   a command   gives its own descriptors. @terminal is made raw, and given back as it was on
 *               every way out, by a signal or a stop (SIGTSTP) as well; the size of @screen is the
 *               process's from its first moment on, and followed (SIGWINCH).
 *   a door      gives its client's socket as @in and @client, what it has read of the input too
 *               early as @early, and takes output by @output with stream 1 or 2, to frame it
 *               itself. It sizes the terminal by container_resize() and exec_resize(), from
 *               whichever process.
 *
 * A terminal has one output: everything comes as stream 1, with the "\r\n" of a terminal.
 *
 * The end of @in is the end of the process's stdin if its creator said so (stdin_once, and always
 * for an executed one); it is never that of a terminal. Output goes on.
 *
 * Slow readers: one who attached before the start loses nothing, and the process waits for it; for
 * one who attached later it waits two seconds, and a tenth of the time after that. Who needs more
 * is disconnected (ATTACH_LOST), so that nobody who attaches can stop a service.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/detach-keys.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct attach_options {
	/* Descriptors; -EBADF: not that stream. They stay the caller's. */
	int in, out, err;
	/* Instead of @out and @err, which then only say whether that stream is wanted (>= 0). The
	 * data are valid for the call; negative: the client is gone. */
	int (*output)(void *arg, int stream, const void *data, size_t len);
	void *arg;
	const void *early; /* input that was read before; with @in */
	size_t early_len;
	int terminal;	   /* the caller's own, where keys come from: made raw; -EBADF */
	int screen;	   /* the same, or where the output is seen: its size is the process's */
	int client;	   /* a socket whose hang-up ends the session; -EBADF */
	bool signal_proxy; /* our SIGINT, SIGTERM, ... go to the container; not with a terminal */
	const char *detach_keys; /* NULL: DETACH_KEYS_DEFAULT. Looked for with a terminal only */
};

#define ATTACH_OPTIONS_NONE                                                                       \
	{                                                                                         \
		.in = -EBADF, .out = -EBADF, .err = -EBADF, .terminal = -EBADF, .screen = -EBADF, \
		.client = -EBADF                                                                  \
	}

struct attachment {
	int fd;			     /* connection to the monitor, owned; -EBADF: not yet started */
	int waiting_fd;		     /* listens for who starts it, owned; -EBADF: it is started */
	char *waiting;		     /* name of that socket below the run folder, owned */
	struct container *container; /* the caller's; NULL: an executed process */
	bool owner;		     /* the monitor leaves the cleanup to us */
	bool exact;		     /* attached since the first byte */
	bool tty;
	bool with_stdin;
	bool stdin_once; /* the end of our input is the end of its */
};

#define ATTACHMENT_NONE                             \
	{                                           \
		.fd = -EBADF, .waiting_fd = -EBADF, \
	}

/* Does not wait for a process that was never started. */
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
 * Carries the streams, with the options that it was attached with. Waits first, if @attachment is
 * one for the next start. A signal that ends programs ends this one, but gives the terminal back
 * before. An owner cleans up after the end.
 */
int attachment_run(struct engine *engine, struct attachment *attachment,
		   const struct attach_options *options, struct attach_result *ret,
		   struct error *err) MUST_CHECK;

/* Asks the monitor behind @fd for the streams that @options name, and for the end. @once: our end
 * of input is the process's. For those who make attachments. */
int attachment_request(int fd, const struct attach_options *options, bool with_stdin, bool once,
		       struct error *err) MUST_CHECK;
/* The mask of that request (monitor/wire.h). */
unsigned char attachment_mask(const struct attach_options *options, bool with_stdin, bool once);
