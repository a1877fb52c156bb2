/*
 * Typed messages between our own processes, over a SOCK_SEQPACKET socket pair: one packet is one
 * message, so nothing has to be framed and a liar cannot make the reader wait for the rest.
 *
 * Returns 0/≥0 or -errno. The receiver checks type and length of every message against what it
 * expects.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMSG_MAX (60u << 10) /* payload bytes; below the smallest default socket buffer */

struct imsg {
	uint32_t type;
	size_t len;
	unsigned char data[IMSG_MAX + 1]; /* followed by a NUL byte */
};

/* A pair, close-on-exec, blocking. */
int imsg_pair(int ret[2]) MUST_CHECK;
int imsg_send(int fd, uint32_t type, const void *data, size_t len) MUST_CHECK;
/* With a copy of the descriptor @pass. */
int imsg_send_fd(int fd, uint32_t type, const void *data, size_t len, int pass) MUST_CHECK;
/* 1: *@ret is a message; 0: the other end is gone; -EAGAIN: none now (only with @wait false);
 * -EPROTO: a packet that is no message. */
int imsg_receive(int fd, struct imsg *ret, bool wait) MUST_CHECK;
/* The same with the descriptor that came along (owned, close-on-exec), or -EBADF. */
int imsg_receive_fd(int fd, struct imsg *ret, bool wait, int *ret_fd) MUST_CHECK;
