/*
 * One client's connection, while the door has it: from its first byte to the operation process that
 * answers, and back if it is to be used again.
 *
 * A client that is too slow, or sends what is no request, is told so once, where that makes sense,
 * and the connection closed. Nothing here waits: every send to a client is one that the socket's
 * buffer takes whole, or the end of the connection.
 */
#pragma once

#include "cmd/kistd/door.h"

/* Takes @fd, and a connection of @user's that has been charged. */
void connection_new(struct door *door, int fd, struct quota_user *user);

/* Tells a client that there are too many. */
void connection_refuse(int fd);

/* The operation @id is over: @status is its exit status, or -errno if there was none. */
void connection_operation_ended(struct door *door, uint64_t id, int status);

/* Closes connections whose time is up; looks again in a second if there are any left to watch. */
void connection_sweep(struct door *door);
