/*
 * Netlink: messages as bytes, and one socket that is asked and answers.
 *
 * The encoder appends messages to a batch that grows; what is written comes from our own code, so
 * its limits (an attribute holds 64 KiB) are assertions. The decoder reads what the kernel sent
 * and believes nothing: it never leaves the bytes it was given. Byte order is the host's, unless a
 * name says be. Neither knows what a link or a rule is (rtnl-*.h, nft.h do).
 *
 * Source: Documentation/userspace-api/netlink/intro.rst; <linux/netlink.h>.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* Messages in the making. Zero-initialised it is empty; released with netlink_batch_release. */
struct netlink_batch {
	struct str bytes;
	size_t last;	/* where the newest message begins */
	unsigned count; /* of messages */
	unsigned acks;	/* of those, how many the kernel will acknowledge */
};

void netlink_batch_release(struct netlink_batch *batch);
#define auto_batch CLEANUP(netlink_batch_release) struct netlink_batch

/* Begins a message of @type with its family's fixed @header. @flags: NLM_F_*; NLM_F_REQUEST is
 * added, and NLM_F_ACK is counted. Whatever is put afterwards belongs to this message. */
void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *header,
		   size_t header_len);

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *data, size_t len);
void netlink_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value);
void netlink_put_u16(struct netlink_batch *batch, uint16_t type, uint16_t value);
void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value);
void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value);
/* With its NUL, as names are sent. */
void netlink_put_text(struct netlink_batch *batch, uint16_t type, const char *text);
/* Bytes that are part of the open attribute but no attribute themselves. */
void netlink_put_raw(struct netlink_batch *batch, const void *data, size_t len);

/* Opens an attribute that holds attributes; netlink_nest_end closes it with what netlink_nest
 * returned. */
size_t netlink_nest(struct netlink_batch *batch, uint16_t type) MUST_CHECK;
void netlink_nest_end(struct netlink_batch *batch, size_t nest);

/* A view into received bytes. */
struct netlink_message {
	uint16_t type;
	uint16_t flags;
	uint32_t seq;
	const uint8_t *payload;
	size_t len;
};

struct netlink_attribute {
	uint16_t type; /* without NLA_F_NESTED and NLA_F_NET_BYTEORDER */
	const uint8_t *payload;
	size_t len;
};

/* Bytes that are still to be read. */
struct netlink_cursor {
	const uint8_t *data;
	size_t len;
};

/* Read the next message or attribute and move on: 1, 0 at the end, -EBADMSG if a length lies. */
int netlink_next_message(struct netlink_cursor *cursor, struct netlink_message *ret) MUST_CHECK;
int netlink_next_attribute(struct netlink_cursor *cursor, struct netlink_attribute *ret) MUST_CHECK;

/* The attributes behind a fixed header of @header_len bytes; -EBADMSG if there is less. */
int netlink_attributes(const struct netlink_message *message, size_t header_len,
		       struct netlink_cursor *ret) MUST_CHECK;
struct netlink_cursor netlink_nested(const struct netlink_attribute *attribute);

/* The value of an attribute of exactly that size; -EBADMSG otherwise. */
int netlink_get_u32(const struct netlink_attribute *attribute, uint32_t *ret) MUST_CHECK;
/* Text with its NUL, at most @size bytes with it. */
int netlink_get_text(const struct netlink_attribute *attribute, char *ret, size_t size) MUST_CHECK;

/* A socket bound to the network namespace of the process that opened it, for ever. */
struct netlink {
	int fd; /* owned */
	uint32_t seq;
};

#define NETLINK_CLOSED ((struct netlink) {.fd = -EBADF})
#define auto_netlink   CLEANUP(netlink_close) struct netlink

/* @protocol: NETLINK_ROUTE, NETLINK_NETFILTER. 0 or -errno. */
int netlink_open(int protocol, struct netlink *ret) MUST_CHECK;
void netlink_close(struct netlink *netlink);

/*
 * Sends the whole batch in one system call, waits for every acknowledgement, empties the batch.
 * The kernel works on all messages even if one fails. Returns 0 or the first error; @ret_failed
 * (may be NULL) then says which message it was, counted from 0.
 */
int netlink_run(struct netlink *netlink, struct netlink_batch *batch,
		size_t *ret_failed) MUST_CHECK;

/*
 * Sends the one message of the batch (begun with NLM_F_ACK or NLM_F_DUMP) and calls @each for every
 * answer, until the end. @each returns < 0 to fail. -EAGAIN: the answers changed while they were
 * read, ask again.
 */
int netlink_query(struct netlink *netlink, struct netlink_batch *batch,
		  int (*each)(const struct netlink_message *message, void *arg),
		  void *arg) MUST_CHECK;
