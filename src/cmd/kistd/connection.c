#include "cmd/kistd/connection.h"

#include "api/operation.h"
#include "api/status.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/http1-body.h"
#include "codec/http1-response.h"
#include "codec/http1-target.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_FIRST 4096
/* From the first byte of a request (or the connection) to the end of its head, and of its body. */
#define HEAD_TIME (10 * TIME_SECOND)
#define BODY_TIME (60 * TIME_SECOND)
/* Between two requests; less when the door is about to end. */
#define IDLE_TIME  (120 * TIME_SECOND)
#define DRAIN_TIME (2 * TIME_SECOND)
#define SWEEP_TIME TIME_SECOND
/* Bodies above this are rare enough for memory to be tidied up after them. */
#define CONTENT_LARGE (64 << 10)

enum connection_state {
	CONNECTION_IDLE, /* nothing of a request has come */
	CONNECTION_HEAD,
	CONNECTION_BODY,
	CONNECTION_HANDED, /* an operation process has it */
};

struct connection {
	struct door *door;
	struct quota_user *user;
	struct loop_source source; /* its fd is owned */
	size_t slot;
	enum connection_state state;
	int64_t deadline;
	char *buffer; /* NULL while idle */
	size_t len, size;
	size_t head_len; /* of the buffer: the request's head, which its strings point into */
	struct http1_request *http;
	struct request request;
	const struct route *route;
	struct http1_body body;
	struct str content; /* of the body */
	bool promised;	    /* handed over, and the answer will say that it may be used again */
};

/* -------------------------------------------------------------------------------- memory */

static void set_size(struct connection *connection, size_t size)
{
	connection->buffer = mem_resize(connection->buffer, size);
	connection->size = size;
}

/* What a large document was made of lies between things that live on. */
static void memory_give_back(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

/* Forgets the request that has been served, and keeps what came behind it. */
static void forget_request(struct connection *connection)
{
	struct quota *quota = &connection->door->quota;
	bool large = connection->content.len > CONTENT_LARGE;

	quota_credit(quota, connection->user, connection->content.len);
	str_release(&connection->content);
	request_release(&connection->request);
	if (large)
		memory_give_back();
	mem_freep(&connection->http);
	connection->http = NULL;
	connection->route = NULL;
	connection->len -= connection->head_len;
	if (connection->len > 0) {
		(void)memmove(connection->buffer, connection->buffer + connection->head_len,
			      connection->len);
	} else {
		quota_credit(quota, connection->user, connection->size);
		mem_freep(&connection->buffer);
		connection->buffer = NULL;
		connection->size = 0;
	}
	connection->head_len = 0;
}

static void connection_free(struct connection *connection)
{
	struct door *door = connection->door;

	connection->head_len = connection->len;
	forget_request(connection);
	loop_forget(&door->loop, &connection->source);
	(void)fd_close(connection->source.fd);
	quota_disconnect(&door->quota, connection->user);
	door->slots[connection->slot] = NULL;
	free(connection);
	door_listen(door, true);
}

/* ------------------------------------------------------------------------- own answers */

/* Whole or not at all. */
static bool send_whole(int fd, const void *data, size_t len)
{
	ssize_t n;

	do
		n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n >= 0 && (size_t)n == len;
}

static void format_error(struct str *out, unsigned status, const char *message)
{
	auto_str document = {0};

	status_document(&document, message);
	http1_status_line(out, status);
	status_headers(out);
	http1_header_line(out, "Content-Type", "application/json");
	http1_length_line(out, document.len);
	http1_header_line(out, "Connection", "close");
	http1_head_finish(out);
	str_append_mem(out, document.data, document.len);
}

/* Says what is wrong, and ends the connection: where the next request begins is not known. */
static void fail(struct connection *connection, unsigned status, const char *message)
{
	auto_str out = {0};

	format_error(&out, status, message);
	(void)send_whole(connection->source.fd, out.data, out.len);
	connection_free(connection);
}

static void fail_error(struct connection *connection, const struct error *err)
{
	fail(connection, status_http(err->kind), err->message ? err->message : "unknown failure");
}

void connection_refuse(int fd)
{
	auto_str out = {0};

	format_error(&out, 503, "too many connections; try again");
	(void)send_whole(fd, out.data, out.len);
}

/* True: the connection is ready for another request. */
static bool answer_fixed(struct connection *connection)
{
	const struct route_answer *answer = connection->route->fixed;
	bool again = connection->http->keep_alive && !connection->door->draining;
	auto_str out = {0};

	http1_status_line(&out, 200);
	status_headers(&out);
	str_append(&out, answer->headers);
	http1_header_line(&out, "Content-Type", answer->type);
	http1_length_line(&out, strlen(answer->body));
	if (!again)
		http1_header_line(&out, "Connection", "close");
	http1_head_finish(&out);
	if (connection->http->method != HTTP1_HEAD)
		str_append(&out, answer->body);
	return send_whole(connection->source.fd, out.data, out.len) && again;
}

/* --------------------------------------------------------------------------- handing over */

/* The record as a file in memory: nothing of it passes through the spawner. */
static int make_record(const struct operation_call *call, int *ret)
{
	auto_str record = {0};
	auto_fd int fd = -EBADF;
	size_t done = 0;

	if (tagged_encode(operation_call_record, call, &record) < 0)
		return -E2BIG;
	fd = memfd_create("request", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (done < record.len) {
		ssize_t n = pwrite(fd, record.data + done, record.len - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	*ret = TAKE_FD(fd);
	return 0;
}

/* What stands behind the head in the buffer goes along if it is not another request. */
static void describe(struct connection *connection, struct operation_call *ret)
{
	const struct http1_request *http = connection->http;
	bool takes_over = connection->route->body >= ROUTE_HIJACK;

	ret->number = connection->route->operation->number;
	ret->version = connection->request.version;
	ret->head = http->method == HTTP1_HEAD;
	ret->http10 = http->http10;
	ret->upgrade = http->upgrade;
	ret->keep_alive = http->keep_alive && connection->route->body < ROUTE_FOLLOW &&
			  !connection->door->draining;
	if (connection->route->body == ROUTE_STREAM) {
		ret->framing = http->framing;
		ret->body_length = http->framing == HTTP1_LENGTH ? http->length : 0;
	}
	if (takes_over) {
		str_append_mem(&ret->early, connection->buffer + connection->head_len,
			       connection->len - connection->head_len);
		connection->len = connection->head_len;
	}
}

static void hand_over(struct connection *connection)
{
	struct door *door = connection->door;
	auto_operation_call call = {0};
	auto_fd int record = -EBADF;
	auto_error err = {0};
	struct wire_start start;
	int r;

	if (route_encode(connection->route, &connection->request, &call.values, &err) < 0) {
		fail_error(connection, &err);
		return;
	}
	describe(connection, &call);
	r = make_record(&call, &record);
	if (r < 0) {
		fail(connection, r == -E2BIG ? 413 : 507, "the request is too large");
		return;
	}
	if (door->outstanding == OPERATIONS_MAX) {
		fail(connection, 503, "too many requests at once; try again");
		return;
	}
	start = (struct wire_start) {
		.id = (uint64_t)++door->serials[connection->slot] << 32 | connection->slot,
		.connection = connection->source.fd,
		.record = record,
	};
	/* Not even a hang-up is the door's business from here on. */
	loop_forget(&door->loop, &connection->source);
	r = wire_send_start(DOOR_CONTROL, &start);
	if (r < 0) {
		door->gone = true;
		connection_free(connection);
		return;
	}
	connection->state = CONNECTION_HANDED;
	connection->promised = call.keep_alive;
	door->outstanding++;
	door->promised += connection->promised;
	forget_request(connection);
}

/* ---------------------------------------------------------------------------- a request */

static void on_ready(void *arg, uint32_t events);

static void set_state(struct connection *connection, enum connection_state state, int64_t time)
{
	connection->state = state;
	connection->deadline = time_monotonic() + time;
	if (!connection->door->sweep.due)
		loop_arm(&connection->door->loop, &connection->door->sweep, SWEEP_TIME);
}

static void wait_for_request(struct connection *connection)
{
	set_state(connection, CONNECTION_IDLE, connection->door->draining ? DRAIN_TIME : IDLE_TIME);
}

static int head_failure(int r, const char **ret_message)
{
	switch (r) {
	case -E2BIG:
		*ret_message = "the request has too many headers";
		return 431;
	case -EPROTONOSUPPORT:
		*ret_message = "only HTTP/1.1 and HTTP/1.0 are spoken here";
		return 505;
	case -EOPNOTSUPP:
		*ret_message = "the request asks for a transfer coding or an expectation that is "
			       "not known here";
		return 501;
	default:
		*ret_message = "malformed HTTP request";
		return 400;
	}
}

/* The head is complete: what is asked for, and how long the body may be. False: the connection is
 * gone. */
static bool begin_request(struct connection *connection)
{
	struct request *request = &connection->request;
	auto_error err = {0};
	const char *message;
	int r;

	connection->http = mem_new(struct http1_request);
	r = http1_request_parse(connection->buffer, connection->head_len, connection->http);
	if (r < 0) {
		r = head_failure(r, &message);
		fail(connection, (unsigned)r, message);
		return false;
	}
	request->http = connection->http;
	if (http1_target_parse(connection->http->target, &request->target) < 0) {
		fail(connection, 400, "malformed path or query");
		return false;
	}
	if (route_find(connection->door->routes, request, &connection->route, &err) < 0) {
		fail_error(connection, &err);
		return false;
	}
	if (connection->route->body != ROUTE_STREAM && connection->http->length > ROUTE_JSON_MAX) {
		fail(connection, 413, "the body of the request is too large");
		return false;
	}
	http1_body_init(&connection->body,
			connection->route->body == ROUTE_STREAM ? HTTP1_NO_BODY
								: connection->http->framing,
			connection->http->length);
	set_state(connection, CONNECTION_BODY, BODY_TIME);
	return true;
}

static bool ask_for_body(struct connection *connection)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!connection->http->expect_continue || connection->http->framing == HTTP1_NO_BODY)
		return true;
	if (send_whole(connection->source.fd, go_on, sizeof(go_on) - 1))
		return true;
	connection_free(connection);
	return false;
}

/* Takes the body out of what is behind the head. False: the connection is gone. */
static bool take_body(struct connection *connection)
{
	const char *data = connection->buffer + connection->head_len, *piece;
	size_t left = connection->len - connection->head_len, n;
	int r;

	while ((r = http1_body_next(&connection->body, &data, &left, &piece, &n)) == 1) {
		if (connection->content.len + n > ROUTE_JSON_MAX) {
			fail(connection, 413, "the body of the request is too large");
			return false;
		}
		if (!quota_charge(&connection->door->quota, connection->user, n)) {
			fail(connection, 503, "too much is being sent at once; try again");
			return false;
		}
		str_append_mem(&connection->content, piece, n);
	}
	if (r < 0) {
		fail(connection, 400, "malformed body of the request");
		return false;
	}
	/* What is left belongs to the next request, or is what follows a hijacked one. */
	(void)memmove(connection->buffer + connection->head_len, data, left);
	connection->len = connection->head_len + left;
	return true;
}

/* Both head and body are there. True: another request may follow at once. */
static bool serve(struct connection *connection)
{
	auto_error err = {0};

	if (!connection->route->operation) {
		if (!answer_fixed(connection)) {
			connection_free(connection);
			return false;
		}
		forget_request(connection);
		wait_for_request(connection);
		return true;
	}
	if (route_read_body(connection->route, &connection->request, str_text(&connection->content),
			    connection->content.len, &err) < 0) {
		fail_error(connection, &err);
		return false;
	}
	hand_over(connection);
	return false;
}

/* Does what can be done with the bytes there are; @seen of them have been looked at before. */
static void advance(struct connection *connection, size_t seen)
{
	for (;;) {
		if (connection->state == CONNECTION_IDLE && connection->len > 0)
			set_state(connection, CONNECTION_HEAD, HEAD_TIME);
		if (connection->state == CONNECTION_HEAD) {
			connection->head_len =
				http1_head_length(connection->buffer, connection->len, seen);
			if (connection->head_len == 0 && connection->len >= HTTP1_HEAD_MAX) {
				fail(connection, 431, "the head of the request is too large");
				return;
			}
			if (connection->head_len == 0 || !begin_request(connection) ||
			    !ask_for_body(connection))
				return;
		}
		if (connection->state != CONNECTION_BODY || !take_body(connection) ||
		    !http1_body_complete(&connection->body) || !serve(connection))
			return;
		seen = 0;
	}
}

/* Room for more. False: the connection is gone. */
static bool make_room(struct connection *connection)
{
	size_t size = connection->size ? connection->size * 2 : BUFFER_FIRST;

	if (connection->len < connection->size)
		return true;
	/* The head is bounded by itself; of a body nothing stays here that is complete. */
	if (!quota_charge(&connection->door->quota, connection->user, size - connection->size)) {
		fail(connection, 503, "too much is being sent at once; try again");
		return false;
	}
	set_size(connection, size);
	return true;
}

static void on_ready(void *arg, uint32_t events UNUSED)
{
	struct connection *connection = arg;
	size_t seen = connection->len;
	ssize_t n;

	if (!make_room(connection))
		return;
	n = recv(connection->source.fd, connection->buffer + connection->len,
		 connection->size - connection->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_free(connection);
		return;
	}
	connection->len += (size_t)n;
	advance(connection, seen);
}

/* ---------------------------------------------------------------------- begin, end, time */

void connection_new(struct door *door, int fd, struct quota_user *user)
{
	struct connection *connection = mem_new(struct connection);
	size_t slot = 0;

	while (door->slots[slot])
		slot++;
	assert(slot < DOOR_CONNECTIONS_MAX);
	connection->door = door;
	connection->user = user;
	connection->slot = slot;
	connection->source = (struct loop_source) {.fd = fd, .ready = on_ready, .arg = connection};
	door->slots[slot] = connection;
	set_state(connection, CONNECTION_IDLE, HEAD_TIME);
	if (loop_watch(&door->loop, &connection->source, EPOLLIN) < 0)
		connection_free(connection);
}

void connection_operation_ended(struct door *door, uint64_t id, int status)
{
	size_t slot = (size_t)(id & UINT32_MAX);
	struct connection *connection = slot < DOOR_CONNECTIONS_MAX ? door->slots[slot] : NULL;

	if (!connection || connection->state != CONNECTION_HANDED ||
	    door->serials[slot] != (uint32_t)(id >> 32))
		return;
	door->outstanding--;
	door->promised -= connection->promised;
	if (status == -EAGAIN) {
		fail(connection, 503, "too many requests at once; try again");
	} else if (status < 0 || status == OPERATION_FAILED) {
		fail(connection, 500,
		     "no process could be started for the request; kistd's own "
		     "output says why");
	} else if (status != OPERATION_AGAIN ||
		   loop_watch(&door->loop, &connection->source, EPOLLIN) < 0) {
		connection_free(connection);
	} else {
		wait_for_request(connection);
		advance(connection, 0);
	}
}

static void check_time(struct connection *connection, int64_t now)
{
	struct door *door = connection->door;

	if (connection->state == CONNECTION_IDLE && door->draining &&
	    connection->deadline > now + DRAIN_TIME)
		connection->deadline = now + DRAIN_TIME;
	if (connection->deadline > now)
		return;
	if (connection->state == CONNECTION_IDLE)
		connection_free(connection);
	else
		fail(connection, 408, "the request took too long to arrive");
}

void connection_sweep(struct door *door)
{
	int64_t now = time_monotonic();
	bool any = false;

	for (size_t i = 0; i < DOOR_CONNECTIONS_MAX; i++) {
		struct connection *connection = door->slots[i];

		if (!connection || connection->state == CONNECTION_HANDED)
			continue;
		check_time(connection, now);
		any |= door->slots[i] != NULL;
	}
	if (any || (door->draining && door->promised > 0))
		loop_arm(&door->loop, &door->sweep, SWEEP_TIME);
}
