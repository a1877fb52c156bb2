/*
 * How a terminal comes from the runtime: it connects to the socket <bundle>/console and sends the
 * master's descriptor (SCM_RIGHTS), before it executes the process. So when a detached runtime has
 * ended, the descriptor is there to be taken, without waiting.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

struct console {
	int bundle_fd;	 /* the monitor's */
	int listener_fd; /* owned */
};

#define CONSOLE_NONE                                       \
	{                                                  \
		.bundle_fd = -EBADF, .listener_fd = -EBADF \
	}

/* Makes the socket in @bundle_fd, which stays the caller's. */
int console_open(struct console *console, int bundle_fd) MUST_CHECK;
void console_release(struct console *console);

/* What --console-socket gets: short enough for an address, whatever the bundle is called. Valid
 * while this process lives. Owned by the caller. */
char *console_path(const struct console *console) MUST_CHECK;

/* The master, non-blocking, owned by the caller; the socket is gone then. ERROR_SYSTEM if the
 * runtime has sent none, or something else. */
int console_take(struct console *console, int *ret, struct error *err) MUST_CHECK;
