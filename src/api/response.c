#include "api/response.h"

#include "api/status.h"
#include "base/mem.h"
#include "codec/http1-response.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void response_release(struct response *response)
{
	str_release(&response->headers);
}

void response_header(struct response *response, const char *name, const char *value)
{
	assert(response->state == RESPONSE_NONE);
	http1_header_line(&response->headers, name, value);
}

int response_send(struct response *response, const void *data, size_t len, struct error *err)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(response->fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, ERROR_UNAVAILABLE, "send to the client: %s",
					 strerror(errno));
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void begin(struct response *response, unsigned status, const char *type, struct str *out)
{
	assert(response->state == RESPONSE_NONE);
	http1_status_line(out, status);
	status_headers(out);
	if (type)
		http1_header_line(out, "Content-Type", type);
	str_append_mem(out, str_text(&response->headers), response->headers.len);
}

int response_body(struct response *response, unsigned status, const char *type, const void *data,
		  size_t len, struct error *err)
{
	auto_str out = {0};

	begin(response, status, type, &out);
	/* 204 and 304 have no body, and say nothing of its length (RFC 9110, 8.6). */
	if (status != 204 && status != 304)
		http1_length_line(&out, len);
	if (!response->keep_alive)
		http1_header_line(&out, "Connection", "close");
	http1_head_finish(&out);
	if (!response->head)
		str_append_mem(&out, data, len);
	response->state = RESPONSE_DONE;
	return response_send(response, out.data, out.len, err);
}

int response_json(struct response *response, unsigned status, const struct str *document,
		  struct error *err)
{
	return response_body(response, status, "application/json", str_text(document),
			     document->len, err);
}

int response_empty(struct response *response, unsigned status, struct error *err)
{
	return response_body(response, status, NULL, NULL, 0, err);
}

int response_stream(struct response *response, unsigned status, const char *type, struct error *err)
{
	auto_str out = {0};

	/* A client may stop listening in the middle: this connection is not used again. */
	response->keep_alive = false;
	begin(response, status, type, &out);
	if (!response->http10)
		http1_header_line(&out, "Transfer-Encoding", "chunked");
	http1_header_line(&out, "Connection", "close");
	http1_head_finish(&out);
	response->state = RESPONSE_STREAM;
	return response_send(response, out.data, out.len, err);
}

int response_write(struct response *response, const void *data, size_t len, struct error *err)
{
	auto_str out = {0};

	assert(response->state == RESPONSE_STREAM);
	if (response->head)
		return 0;
	if (response->http10)
		return response_send(response, data, len, err);
	http1_chunk(&out, data, len);
	return response_send(response, out.data, out.len, err);
}

int response_end(struct response *response, struct error *err)
{
	auto_str out = {0};

	assert(response->state == RESPONSE_STREAM);
	response->state = RESPONSE_DONE;
	if (response->head || response->http10)
		return 0;
	http1_chunk_end(&out);
	return response_send(response, out.data, out.len, err);
}

int response_hijack(struct response *response, const char *type, struct error *err)
{
	auto_str out = {0};

	assert(response->state == RESPONSE_NONE);
	response->keep_alive = false;
	http1_status_line(&out, response->upgrade ? 101 : 200);
	http1_header_line(&out, "Content-Type", type);
	if (response->upgrade) {
		http1_header_line(&out, "Connection", "Upgrade");
		http1_header_line(&out, "Upgrade", "tcp");
	}
	status_headers(&out);
	http1_head_finish(&out);
	response->state = RESPONSE_RAW;
	return response_send(response, out.data, out.len, err);
}

void response_error(struct response *response, const struct error *failure)
{
	auto_str document = {0};

	if (response->state != RESPONSE_NONE)
		return;
	status_document(&document, failure->message ? failure->message : "unknown failure");
	/* Nobody is left to be told if this fails. */
	(void)!response_json(response, status_http(failure->kind), &document, NULL);
}
