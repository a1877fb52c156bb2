/*
 * --pidfd-socket: a descriptor of the process, for whoever listens on a unix socket.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

/* Sends @pid_fd; nothing if @path is NULL. */
int pidfd_socket_send(const char *path, int pid_fd, struct error *err) MUST_CHECK;
