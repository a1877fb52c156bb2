/*
 * The engine's side of a monitor: start one, connect to one, talk in frames (monitor/wire.h).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "monitor/wire.h"

#include <stddef.h>

struct monitor_fd {
	const char *option; /* "--netns-fd" or "--hold-fd" */
	int fd;
};

/*
 * Starts kist-monitor with @args (everything from --id on, without --owner-fd and descriptors,
 * which are added here). *@ret_fd is the owner's end of the connection. The monitor dies with the
 * caller until the caller sends WIRE_COMMIT.
 */
int monitor_start(const struct strv *args, const struct monitor_fd *fds, size_t fd_count,
		  int *ret_fd, struct error *err) MUST_CHECK;

/* Connects to <bundle>/control. ERROR_NOT_FOUND if no monitor listens there. */
int monitor_connect(const char *bundle, int *ret_fd, struct error *err) MUST_CHECK;

/* -EPIPE ("the monitor died") if nobody is there any more; it may have said why, before. */
int monitor_send(int fd, enum wire_type type, const void *data, size_t len,
		 struct error *err) MUST_CHECK;

/* Receives one frame into @buf (WIRE_LENGTH_MAX bytes). Returns 1, 0 at the end of the connection,
 * or a negative errno with @err set. */
int monitor_receive(int fd, struct wire_header *ret, void *buf, struct error *err) MUST_CHECK;

/*
 * Waits for WIRE_STARTED. On WIRE_FAILED sets @err from it (kind and message as the runtime gave
 * them); on a connection that ends first, ERROR_SYSTEM "the monitor died".
 */
int monitor_await_started(int fd, struct wire_started *ret, struct error *err) MUST_CHECK;

/* The record that the monitor places at --exit, read back. 0; -ENOENT: not there; -EBADMSG. */
int monitor_read_exit(int dir_fd, const char *name, struct wire_exit *ret) MUST_CHECK;
