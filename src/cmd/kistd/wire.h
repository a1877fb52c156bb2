/*
 * What the door and the spawner say to each other, over one SOCK_SEQPACKET pair.
 *
 * The door says one thing: struct wire_start with two descriptors, the client's connection and the
 * record of the request. The spawner says one thing: struct wire_end. Both are fixed structures of
 * an exact length. Whatever else comes is the end of the door, which is then started anew.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stdint.h>

/* Descriptors of the door: its socket, then the listeners. */
#define DOOR_CONTROL  3
#define DOOR_LISTENER 4

/* At a time: each is a process with a client's connection, followers of logs and events included.
 */
#define OPERATIONS_MAX 1024

/* Serve this request. @id is the door's own, to tell answers apart. */
struct wire_start {
	uint64_t id;
	int connection, record; /* travel beside it */
};

/* It is over. @status is the exit status of the process, or -errno if it could not be started. */
struct wire_end {
	uint64_t id;
	int32_t status;
	uint32_t zero;
};

int wire_send_start(int fd, const struct wire_start *start) MUST_CHECK;
/* 1; 0: the door is gone; -EAGAIN; -EPROTO. The descriptors are the caller's. */
int wire_receive_start(int fd, struct wire_start *ret) MUST_CHECK;

/* 0, -EAGAIN, -EPIPE: the door is gone. */
int wire_send_end(int fd, const struct wire_end *end) MUST_CHECK;
/* 1; 0: the spawner is gone; -EAGAIN; -EPROTO. */
int wire_receive_end(int fd, struct wire_end *ret) MUST_CHECK;
