#include "kern/netlink.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel never makes a larger answer than the buffer it is offered, and fills 32 KiB at most.
 */
#define RECEIVE_SIZE 32768
/* What a socket takes in one piece without asking (net.core.wmem_default, less its overhead). */
#define SEND_DEFAULT 131072

static const char padding[NLMSG_ALIGNTO];

static void write_message_length(struct netlink_batch *batch)
{
	uint32_t len = (uint32_t)(batch->bytes.len - batch->last);

	assert(batch->bytes.len - batch->last <= UINT32_MAX);
	memcpy(batch->bytes.data + batch->last, &len, sizeof(len));
}

static void append(struct netlink_batch *batch, const void *data, size_t len)
{
	str_append_mem(&batch->bytes, data, len);
	str_append_mem(&batch->bytes, padding, NLMSG_ALIGN(len) - len);
}

void netlink_batch_release(struct netlink_batch *batch)
{
	str_release(&batch->bytes);
	*batch = (struct netlink_batch) {0};
}

void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *header,
		   size_t header_len)
{
	struct nlmsghdr message = {.nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST};

	batch->last = batch->bytes.len;
	batch->count++;
	if (flags & NLM_F_ACK)
		batch->acks++;
	append(batch, &message, sizeof(message));
	append(batch, header, header_len);
	write_message_length(batch);
}

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *data, size_t len)
{
	struct nlattr attribute = {.nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len)};

	assert(batch->count > 0);
	assert(len <= UINT16_MAX - NLA_HDRLEN);
	append(batch, &attribute, sizeof(attribute));
	append(batch, data, len);
	write_message_length(batch);
}

void netlink_put_u8(struct netlink_batch *batch, uint16_t type, uint8_t value)
{
	netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_u16(struct netlink_batch *batch, uint16_t type, uint16_t value)
{
	netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
	netlink_put(batch, type, &value, sizeof(value));
}

void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value)
{
	netlink_put_u32(batch, type, htonl(value));
}

void netlink_put_text(struct netlink_batch *batch, uint16_t type, const char *text)
{
	netlink_put(batch, type, text, strlen(text) + 1);
}

void netlink_put_raw(struct netlink_batch *batch, const void *data, size_t len)
{
	append(batch, data, len);
	write_message_length(batch);
}

size_t netlink_nest(struct netlink_batch *batch, uint16_t type)
{
	size_t nest = batch->bytes.len;

	netlink_put(batch, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void netlink_nest_end(struct netlink_batch *batch, size_t nest)
{
	size_t len = batch->bytes.len - nest;
	uint16_t field = (uint16_t)len;

	assert(nest >= batch->last && len >= NLA_HDRLEN && len <= UINT16_MAX);
	memcpy(batch->bytes.data + nest + offsetof(struct nlattr, nla_len), &field, sizeof(field));
}

/* Takes @len bytes and their padding off the cursor; the last object of a row may lack the latter.
 */
static void advance(struct netlink_cursor *cursor, size_t len)
{
	size_t step = MIN(NLMSG_ALIGN(len), cursor->len);

	cursor->data += step;
	cursor->len -= step;
}

int netlink_next_message(struct netlink_cursor *cursor, struct netlink_message *ret)
{
	struct nlmsghdr header;

	if (cursor->len == 0)
		return 0;
	if (cursor->len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, cursor->data, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > cursor->len)
		return -EBADMSG;
	*ret = (struct netlink_message) {
		.type = header.nlmsg_type,
		.flags = header.nlmsg_flags,
		.seq = header.nlmsg_seq,
		.payload = cursor->data + sizeof(header),
		.len = header.nlmsg_len - sizeof(header),
	};
	advance(cursor, header.nlmsg_len);
	return 1;
}

int netlink_next_attribute(struct netlink_cursor *cursor, struct netlink_attribute *ret)
{
	struct nlattr header;

	if (cursor->len == 0)
		return 0;
	if (cursor->len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, cursor->data, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > cursor->len)
		return -EBADMSG;
	*ret = (struct netlink_attribute) {
		.type = header.nla_type & NLA_TYPE_MASK,
		.payload = cursor->data + sizeof(header),
		.len = header.nla_len - sizeof(header),
	};
	advance(cursor, header.nla_len);
	return 1;
}

int netlink_attributes(const struct netlink_message *message, size_t header_len,
		       struct netlink_cursor *ret)
{
	if (message->len < header_len)
		return -EBADMSG;
	header_len = MIN(NLMSG_ALIGN(header_len), message->len);
	*ret = (struct netlink_cursor) {message->payload + header_len, message->len - header_len};
	return 0;
}

struct netlink_cursor netlink_nested(const struct netlink_attribute *attribute)
{
	return (struct netlink_cursor) {attribute->payload, attribute->len};
}

int netlink_get_u32(const struct netlink_attribute *attribute, uint32_t *ret)
{
	if (attribute->len != sizeof(*ret))
		return -EBADMSG;
	memcpy(ret, attribute->payload, sizeof(*ret));
	return 0;
}

int netlink_get_text(const struct netlink_attribute *attribute, char *ret, size_t size)
{
	if (attribute->len == 0 || attribute->len > size ||
	    attribute->payload[attribute->len - 1] != '\0')
		return -EBADMSG;
	memcpy(ret, attribute->payload, attribute->len);
	return 0;
}

int netlink_open(int protocol, struct netlink *ret)
{
	int fd, on = 1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	/* An acknowledgement need not repeat our message. Both are from 4.2 and 4.20. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*ret = (struct netlink) {.fd = fd};
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	netlink->fd = fd_close(netlink->fd);
}

/* Numbers the messages in a row, so that an answer names its question. Returns the first number. */
static uint32_t number_messages(struct netlink *netlink, struct netlink_batch *batch)
{
	uint32_t first = netlink->seq + 1;

	for (size_t at = 0; at < batch->bytes.len;) {
		struct nlmsghdr header;

		memcpy(&header, batch->bytes.data + at, sizeof(header));
		header.nlmsg_seq = ++netlink->seq;
		memcpy(batch->bytes.data + at, &header, sizeof(header));
		at += NLMSG_ALIGN(header.nlmsg_len);
	}
	return first;
}

static int send_batch(struct netlink *netlink, const struct netlink_batch *batch)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	if (batch->bytes.len > SEND_DEFAULT) {
		/* The kernel doubles it. Without the privilege the message itself is refused. */
		int size = (int)MIN(batch->bytes.len, (size_t)1 << 28);

		(void)setsockopt(netlink->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	}
	do {
		n = sendto(netlink->fd, batch->bytes.data, batch->bytes.len, 0,
			   (struct sockaddr *)&kernel, sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* One datagram from the kernel; others may write to a netlink socket too, and are not listened to.
 */
static ssize_t receive(struct netlink *netlink, uint8_t *buffer, size_t size)
{
	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(netlink->fd, buffer, size, MSG_TRUNC, (struct sockaddr *)&from,
				     &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from_len != sizeof(from) || from.nl_pid != 0)
			continue;
		return (size_t)n > size ? -EMSGSIZE : n;
	}
}

static int error_of(const struct netlink_message *message, int *ret)
{
	int32_t error;

	if (message->len < sizeof(error))
		return -EBADMSG;
	memcpy(&error, message->payload, sizeof(error));
	if (error > 0 || error < -4095)
		return -EBADMSG;
	*ret = error;
	return 0;
}

struct outcome {
	uint32_t first; /* numbers of our messages */
	unsigned count;
	unsigned waiting; /* acknowledgements that are still to come */
	int error;	  /* the first */
	size_t failed;	  /* whose it is */
};

/* An nftables transaction that fails as a whole is reported once more for its first message, and
 * every other message is acknowledged all the same: hence only the count ends the wait, and a
 * second answer for the same number is not counted. */
static int take_acknowledgement(struct outcome *outcome, const struct netlink_message *message)
{
	uint32_t index = message->seq - outcome->first;
	int error, r;

	if (message->type != NLMSG_ERROR || index >= outcome->count)
		return 0;
	r = error_of(message, &error);
	if (r < 0)
		return r;
	if (error < 0 && outcome->error == 0) {
		outcome->error = error;
		outcome->failed = index;
	}
	if (outcome->waiting > 0)
		outcome->waiting--;
	return 0;
}

int netlink_run(struct netlink *netlink, struct netlink_batch *batch, size_t *ret_failed)
{
	struct outcome outcome = {.count = batch->count, .waiting = batch->acks};
	uint8_t buffer[RECEIVE_SIZE];
	int r;

	if (batch->count == 0)
		return 0;
	outcome.first = number_messages(netlink, batch);
	r = send_batch(netlink, batch);
	netlink_batch_release(batch);
	if (r < 0)
		return r;
	while (outcome.waiting > 0 && outcome.error == 0) {
		struct netlink_message message;
		struct netlink_cursor cursor;
		ssize_t n = receive(netlink, buffer, sizeof(buffer));

		if (n < 0)
			return (int)n;
		cursor = (struct netlink_cursor) {buffer, (size_t)n};
		while ((r = netlink_next_message(&cursor, &message)) > 0) {
			r = take_acknowledgement(&outcome, &message);
			if (r < 0)
				return r;
		}
		if (r < 0)
			return r;
	}
	/* Answers behind an error stay in the socket; their numbers are never asked for again. */
	if (outcome.error < 0 && ret_failed)
		*ret_failed = outcome.failed;
	return outcome.error;
}

struct query {
	uint32_t seq;
	bool changed;
	bool done;
	int (*each)(const struct netlink_message *message, void *arg);
	void *arg;
};

static int take_answer(struct query *query, const struct netlink_message *message)
{
	int error = 0, r;

	if (message->seq != query->seq)
		return 0;
	if (message->flags & NLM_F_DUMP_INTR)
		query->changed = true;
	switch (message->type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_OVERRUN:
		return -EOVERFLOW;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		query->done = true;
		/* The end of a dump carries its result since 4.17 or nothing at all. */
		if (message->type == NLMSG_DONE && message->len < sizeof(int32_t))
			return 0;
		r = error_of(message, &error);
		return r < 0 ? r : error;
	default:
		return query->each(message, query->arg);
	}
}

int netlink_query(struct netlink *netlink, struct netlink_batch *batch,
		  int (*each)(const struct netlink_message *message, void *arg), void *arg)
{
	struct query query = {.each = each, .arg = arg};
	uint8_t buffer[RECEIVE_SIZE];
	int r;

	assert(batch->count == 1);
	query.seq = number_messages(netlink, batch);
	r = send_batch(netlink, batch);
	netlink_batch_release(batch);
	while (r >= 0 && !query.done) {
		struct netlink_message message;
		struct netlink_cursor cursor;
		ssize_t n = receive(netlink, buffer, sizeof(buffer));

		if (n < 0)
			return (int)n;
		cursor = (struct netlink_cursor) {buffer, (size_t)n};
		while (!query.done && (r = netlink_next_message(&cursor, &message)) > 0) {
			r = take_answer(&query, &message);
			if (r < 0)
				return r;
		}
	}
	if (r < 0)
		return r;
	return query.changed ? -EAGAIN : 0;
}
