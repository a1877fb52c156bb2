#include "registry/transfer.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define TRIES	    5
#define RETRY_MS    100
#define RETRY_MAX   5000
#define PROGRESS    (256u << 10) /* so much between two faults, and the registry is forgiven */
#define STATUS_REST 206

struct transfer {
	struct request request;
	char *what; /* for errors */
	uint64_t size;
	uint64_t received; /* bytes that came, and are in the pipe or in carry */
	uint64_t skip;	   /* bytes that come again, and are dropped */
	struct str carry;  /* taken from the network, not yet in the pipe */
	size_t carried;	   /* of carry: already in the pipe */
	int fd;
	bool started;  /* the header of the running exchange has been looked at */
	bool paused;   /* the pipe is full */
	bool deserted; /* the reader is gone */
	bool resting;  /* no exchange runs; the next starts at @wake */
	int64_t wake;  /* monotonic, ns */
	unsigned tries;
	uint64_t tried_at; /* value of received at the last fault */
	enum fault {
		FAULT_NONE,
		FAULT_TOO_LONG,
		FAULT_OTHER_LENGTH,
		FAULT_OTHER_RANGE,
	} fault;
};

/* "bytes 100-199/200": whether it begins at @offset and, if it says so, belongs to @size bytes. */
static bool range_fits(const char *text, uint64_t offset, uint64_t size)
{
	auto_free char *first = NULL, *whole = NULL;
	uint64_t value;
	const char *dash, *slash;

	if (!text || !str_starts(text, "bytes "))
		return false;
	text += strlen("bytes ");
	dash = strchr(text, '-');
	slash = strchr(text, '/');
	if (!dash || !slash || dash > slash)
		return false;
	first = mem_strndup(text, (size_t)(dash - text));
	whole = mem_strdup(slash + 1);
	if (parse_u64(first, &value) < 0 || value != offset)
		return false;
	return STREQ(whole, "*") || (parse_u64(whole, &value) == 0 && value == size);
}

/* Looks at the header of an answer once, before its first byte. */
static enum fault check_head(struct transfer *transfer, const struct http_head *head)
{
	uint64_t offset = transfer->request.offset;
	bool rest = head->status == STATUS_REST;
	uint64_t expected = transfer->size - (rest ? offset : 0);

	if (rest && !range_fits(head->content_range, offset, transfer->size))
		return FAULT_OTHER_RANGE;
	if (head->content_length >= 0 && (uint64_t)head->content_length != expected)
		return FAULT_OTHER_LENGTH;
	transfer->skip = rest ? 0 : offset;
	return FAULT_NONE;
}

/* Moves what is carried into the pipe. 1: all; 0: the pipe is full; negative: nobody reads it. */
static int flush(struct transfer *transfer)
{
	struct str *carry = &transfer->carry;

	while (transfer->carried < carry->len) {
		ssize_t n = write(transfer->fd, carry->data + transfer->carried,
				  carry->len - transfer->carried);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return -errno;
		transfer->carried += (size_t)n;
	}
	str_clear(carry);
	transfer->carried = 0;
	return 1;
}

/* Into the pipe, and what does not fit into carry. */
static int pass_on(struct transfer *transfer, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(transfer->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	str_append_mem(&transfer->carry, data, len);
	return 0;
}

static enum http_take take_blob(const struct http_head *head, const void *bytes, size_t len,
				void *arg)
{
	struct transfer *transfer = arg;
	const char *data = bytes;
	size_t again;

	if (!transfer->started) {
		transfer->started = true;
		transfer->fault = check_head(transfer, head);
	}
	if (transfer->fault != FAULT_NONE)
		return HTTP_STOP;
	if (transfer->carry.len > 0) {
		transfer->paused = true;
		return HTTP_PAUSE;
	}
	again = (size_t)MIN(transfer->skip, (uint64_t)len);
	transfer->skip -= again;
	data += again;
	len -= again;
	if (len > transfer->size - transfer->received) {
		transfer->fault = FAULT_TOO_LONG;
		return HTTP_STOP;
	}
	transfer->received += len;
	transfer->deserted = pass_on(transfer, data, len) < 0;
	return transfer->deserted ? HTTP_STOP : HTTP_TAKEN;
}

static int ask(struct transfer *transfer, struct error *err)
{
	transfer->resting = false;
	transfer->started = false;
	transfer->paused = false;
	transfer->request.offset = transfer->received;
	return request_start(&transfer->request, err);
}

int transfer_start(struct session *session, const char *digest, uint64_t size, int fd,
		   struct transfer **ret, struct error *err)
{
	struct transfer *transfer = mem_new(struct transfer);
	int flags, r;

	transfer->fd = fd;
	transfer->size = size;
	transfer->what = mem_printf("layer %.12s of %s", digest + strlen("sha256:"), session->name);
	transfer->request = (struct request) {
		.session = session,
		.target = mem_printf("/v2/%s/blobs/%s", session->repository, digest),
		.body = take_blob,
		.arg = transfer,
	};
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		r = error_errno(err, errno, "prepare the pipe for a layer");
	else
		r = ask(transfer, err);
	if (r < 0) {
		transfer_free(transfer);
		return r;
	}
	*ret = transfer;
	return 0;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	request_release(&transfer->request);
	str_release(&transfer->carry);
	mem_freep(&transfer->what);
	(void)fd_close(transfer->fd);
	mem_freep(&transfer);
}

void transfer_wait(const struct transfer *transfer, struct http_wait *ret)
{
	/* Without bytes to write the pipe is still watched: its reader may go away. */
	*ret = (struct http_wait) {.fd = transfer->fd,
				   .events = transfer->carry.len > 0 ? POLLOUT : 0};
}

int transfer_timeout(const struct transfer *transfer)
{
	int64_t left;

	if (!transfer->resting)
		return -1;
	left = (transfer->wake - time_monotonic()) / 1000000;
	return left > 0 ? (int)left + 1 : 0;
}

static int fault_error(const struct transfer *transfer, struct error *err)
{
	unsigned long long size = transfer->size;

	switch (transfer->fault) {
	case FAULT_TOO_LONG:
		return error_set(err, ERROR_CORRUPT,
				 "%s: the registry sends more than the %llu bytes that it has",
				 transfer->what, size);
	case FAULT_OTHER_LENGTH:
		return error_set(err, ERROR_CORRUPT,
				 "%s: the registry's blob is not %llu bytes long, as the manifest "
				 "says",
				 transfer->what, size);
	case FAULT_OTHER_RANGE:
		return error_set(err, ERROR_CORRUPT,
				 "%s: the registry sends other bytes than it was asked for",
				 transfer->what);
	case FAULT_NONE:
		break;
	}
	return error_set(err, ERROR_CORRUPT,
			 "%s is truncated: the registry has only %llu of its %llu bytes",
			 transfer->what, (unsigned long long)transfer->received, size);
}

/* Rests before the next try, or gives up. */
static int try_again(struct transfer *transfer, bool truncated, struct error *err)
{
	int64_t pause;

	if (transfer->received - transfer->tried_at >= PROGRESS)
		transfer->tries = 0;
	transfer->tried_at = transfer->received;
	if (++transfer->tries >= TRIES)
		return truncated ? fault_error(transfer, err)
				 : request_refused(&transfer->request, transfer->what, err);
	pause = MIN((int64_t)RETRY_MS << transfer->tries, (int64_t)RETRY_MAX);
	transfer->resting = true;
	transfer->wake = time_monotonic() + pause * 1000000;
	return 0;
}

/* The last exchange of a request has ended: enough, again, or an error. */
static int judge(struct transfer *transfer, struct error *err)
{
	const struct http_exchange *exchange = transfer->request.exchange;
	const struct http_head *head = http_exchange_head(exchange);
	bool done = http_exchange_result(exchange) == HTTP_DONE;
	bool success = head->status == 200 || head->status == STATUS_REST;

	if (transfer->fault != FAULT_NONE)
		return fault_error(transfer, err);
	/* A body of no bytes is not announced by a call; its header is looked at here. */
	if (done && success && !transfer->started && check_head(transfer, head) != FAULT_NONE) {
		transfer->fault = FAULT_OTHER_LENGTH;
		return fault_error(transfer, err);
	}
	if (done && success && transfer->received == transfer->size)
		return 1;
	if ((done && success) || head->status == 416)
		return try_again(transfer, true, err);
	/* It was there a moment ago: whoever restarts it need not start the pull again. */
	if (request_is_transient(&transfer->request) ||
	    http_exchange_result(exchange) == HTTP_NO_CONNECTION)
		return try_again(transfer, false, err);
	return request_refused(&transfer->request, transfer->what, err);
}

static int reader_left(const struct transfer *transfer)
{
	struct pollfd pollfd = {.fd = transfer->fd};

	return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & POLLERR);
}

int transfer_advance(struct transfer *transfer, struct error *err)
{
	int r;

	if (transfer->deserted || reader_left(transfer))
		return 1;
	r = flush(transfer);
	if (r < 0)
		return 1;
	if (transfer->resting)
		return transfer->wake <= time_monotonic() ? ask(transfer, err) : 0;
	if (r == 1 && transfer->paused) {
		transfer->paused = false;
		http_exchange_resume(transfer->request.exchange);
	}
	if (http_exchange_result(transfer->request.exchange) == HTTP_RUNNING)
		return 0;
	r = request_advance(&transfer->request, err);
	if (r == 0)
		transfer->started = false;
	if (r <= 0)
		return r;
	r = judge(transfer, err);
	if (r == 1 && transfer->carry.len > 0)
		return 0;
	return r;
}
