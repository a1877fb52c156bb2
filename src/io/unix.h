/*
 * Unix stream sockets by a directory's descriptor and a name in it, and descriptors sent over them.
 *
 * A path would not do: folders may be longer than an address. Sockets are close-on-exec.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <sys/types.h>

/* Makes @name in @dir_fd, in place of one that is there, with exactly @mode. A non-blocking
 * listener or -errno. */
int unix_listen(int dir_fd, const char *name, mode_t mode, int backlog) MUST_CHECK;

/* A connection, or -errno: -ENOENT and -ECONNREFUSED if nobody listens. */
int unix_connect(int dir_fd, const char *name) MUST_CHECK;

/* One byte and @fd with it, which stays the caller's. 0 or -errno. */
int unix_send_fd(int socket_fd, int fd) MUST_CHECK;

/* The one descriptor that comes with the next message, whatever its text (at most 4 KiB of it are
 * taken). -EBADMSG: there is none, or more than one. -EAGAIN of a non-blocking socket. */
int unix_receive_fd(int socket_fd) MUST_CHECK;

/* Whether the other end is root's or ours. */
bool unix_peer_is_permitted(int socket_fd);
