/*
 * The terminal of a container: made in its own devpts by the child, and handed to whoever listens
 * on the console socket (runc's protocol: one message, SCM_RIGHTS with the master's descriptor).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "runtime/console.h"
#include "spec/runtime-config.h"

#include <stdbool.h>

/*
 * Connects to @socket if the process wants a terminal, or opens @console, if the runtime stays and
 * nobody else wants it. *@ret is owned by the caller, -EBADF if there is to be no terminal.
 * ERROR_INVALID where the one is there without the other.
 */
int terminal_connect(const char *socket, const struct runtime_process *process,
		     struct console *console, int *ret, struct error *err) MUST_CHECK;

/*
 * In the child, with the container's root: makes a pair in /dev/pts, sends the master over
 * @console_fd, and makes the slave stdin, stdout, stderr and the controlling terminal. With
 * @show it also appears as /dev/console; with @plain its lines end as they are written.
 */
int terminal_make(int console_fd, const struct runtime_process *process, bool show,
		  bool plain) MUST_CHECK;

/* Sends a descriptor with @name as the message's text, which is how runc sends one. 0 or -errno. */
int terminal_send(int socket_fd, const char *name, int fd) MUST_CHECK;
