/*
 * The container's standard streams: FIFOs in the bundle, the log, and whoever is attached.
 *
 * stdout and stderr are opened read-write on the container's side. So a container whose monitor has
 * died gets no SIGPIPE: it writes on until the FIFO is full, and nothing of that is lost to a new
 * monitor, which finds the FIFOs by name. stdin is opened read-only, so that it ends when its
 * writers have closed it. Without --stdin it is /dev/null.
 *
 * With a terminal there is one end instead of three, the master of a pair that the runtime makes in
 * the container's own devpts; its output is stream 1. A slave of it is held open, because a
 * terminal that no process has open for the moment is not one that has ended. When this process
 * dies, the kernel hangs the terminal up: nothing can take that over.
 *
 * With a log, output is taken out of its FIFO only when it is logged and with those who must not
 * miss it: so a new monitor goes on exactly where a killed one was (monitor/progress.h).
 *
 * Nothing is read before stdio_read(): what a container says before its owner has attached waits in
 * the FIFO. While stdio_hold() is in force nothing is read either: that is how a slow owner slows
 * down the container.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "io/loop.h"
#include "monitor/console.h"
#include "monitor/json-log.h"
#include "monitor/progress.h"
#include "monitor/wire.h"

#include <stdbool.h>
#include <stddef.h>

#define STDIO_BUFFER_SIZE (32 * 1024)

struct stdio;

struct stdio_stream {
	struct stdio *stdio;
	struct loop_source source;
	int number; /* 1 stdout, 2 stderr */
};

enum stdio_flags {
	STDIO_INPUT = 1 << 0,	 /* stdin is open */
	STDIO_TERMINAL = 1 << 1, /* all in one */
	STDIO_RESUME = 1 << 2,	 /* the container has its ends already, from a monitor that died */
};

struct stdio {
	struct loop *loop;
	unsigned flags;
	struct console console; /* until the terminal is there */
	int slave;		/* of the terminal, while the process runs; else -EBADF */
	struct wire_size size;	/* for a terminal that is not there yet */
	bool awaits_terminal;	/* input for it is kept meanwhile */
	int container[3];	/* the container's ends; closed by stdio_started() */
	struct stdio_stream streams[2];
	struct loop_source input;
	struct str input_pending; /* taken from a client, not yet by the container */
	bool input_ending;	  /* close behind what is pending */
	bool reading, held;
	struct json_log log;
	struct progress progress;
	int peek[2]; /* a pipe to look at output that stays where it is; -EBADF: it is just read */
	struct {
		struct stdio_stream *stream;
		size_t len; /* 0: nothing */
		uint64_t hash;
	} shown;      /* logged and passed on, and still in the FIFO */
	char *buffer; /* mapped; for one read at a time, also for those of struct peers */
	/* Takes output to pass on. */
	void (*output)(void *arg, int stream, const char *data, size_t len);
	void *arg;
};

/* The object without any descriptor. */
void stdio_init(struct stdio *stdio, struct loop *loop,
		void (*output)(void *arg, int stream, const char *data, size_t len), void *arg);
/* Makes the FIFOs, or the socket for the terminal, in @bundle_fd; @log may be NULL. */
int stdio_open(struct stdio *stdio, int bundle_fd, unsigned flags, const char *log,
	       struct error *err) MUST_CHECK;
void stdio_release(struct stdio *stdio);

/* The container has its ends: ours of them are closed. */
void stdio_started(struct stdio *stdio);

/* The runtime has ended: takes the terminal it has sent. Nothing without one. */
int stdio_take_terminal(struct stdio *stdio, struct error *err) MUST_CHECK;

/* The process has ended: a terminal ends with the last other process that has it. */
void stdio_process_ended(struct stdio *stdio);

/* The terminal's size, now or as soon as it is there. */
void stdio_resize(struct stdio *stdio, const struct wire_size *size);

/* Begins to read. */
void stdio_read(struct stdio *stdio);
void stdio_hold(struct stdio *stdio, bool hold);
/* What was passed on last has arrived with those who must not miss it. */
void stdio_arrived(struct stdio *stdio);

/* Whether there is nothing more to read. */
bool stdio_is_ended(const struct stdio *stdio);
/* Reads no more, whoever still holds the FIFOs; completes and closes the log. */
void stdio_finish(struct stdio *stdio);

/* Takes all of it. False: the container is slow, and no more is to be given before
 * !stdio_input_full(). */
bool stdio_input(struct stdio *stdio, const char *data, size_t len);
/* End of file, behind everything given; a terminal has none. */
void stdio_input_end(struct stdio *stdio);
bool stdio_input_full(const struct stdio *stdio);

/* Gives back memory that is not in use. */
void stdio_trim(struct stdio *stdio);
