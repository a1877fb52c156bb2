/*
 * HTTP requests to registries, several at once, in one thread. The only file that knows libcurl; it
 * is linked into kist-worker alone.
 *
 * An exchange is one request and its answer. Redirects are not followed, nothing is authenticated
 * and no cookie is kept: what belongs to which origin is the caller's knowledge. The peer's
 * certificate is always verified. Plain HTTP is spoken only to loopback, and then every address
 * connected to is one; otherwise link-local addresses (where clouds keep their secrets) are refused
 * whatever a name resolves to. Time, header and body are bounded. HTTP/1.1 only: layers come over
 * connections of their own, and there is less to attack.
 *
 * A proxy is used only for https and never for loopback. The environment is not looked at.
 */
#pragma once

#include "base/macro.h"
#include "base/strv.h"
#include "codec/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct http_exchange;

enum http_result {
	HTTP_RUNNING,
	HTTP_DONE, /* a whole answer, of whatever status */
	HTTP_NO_NAME,
	HTTP_NO_CONNECTION,
	HTTP_NOT_TLS,
	HTTP_BAD_CERTIFICATE,
	HTTP_TOO_SLOW,
	HTTP_BROKEN,	 /* ended in the middle */
	HTTP_BAD_ANSWER, /* no proper HTTP, or too much of it */
	HTTP_STOPPED,	 /* the body callback wanted no more */
};

/* What the header said. Owned strings, NULL where absent. */
struct http_head {
	int status;
	int64_t content_length; /* -1: not said */
	char *content_type;
	char *content_encoding;
	char *content_range;
	char *location;
	struct strv challenges; /* WWW-Authenticate */
};

enum http_take {
	HTTP_TAKEN,
	HTTP_PAUSE, /* the same bytes are offered again after http_exchange_resume */
	HTTP_STOP,
};

struct http_request {
	const struct url *url;
	char *const *headers; /* "Name: value", ends with NULL */
	const char *form;     /* NULL: GET; otherwise POST of this urlencoded form */
	unsigned seconds;     /* for everything together; 0: as long as bytes come */
	enum http_take (*body)(const struct http_head *head, const void *data, size_t len,
			       void *arg);
	void *arg;
};

/* Something else to wait for beside the exchanges: POLLIN or POLLOUT. */
struct http_wait {
	int fd;
	short events;
	short revents;
};

/* Reads configuration files of the TLS library; @ca_file is opened for each connection. */
int http_new(const char *ca_file, struct http **ret) MUST_CHECK;
/* For https: all requests go through @proxy but those to hosts in @except ("a.test,.b.test"). */
void http_use_proxy(struct http *http, const char *proxy, const char *except);
void http_free(struct http *http);
void http_freep(struct http **http);
#define auto_http CLEANUP(http_freep) struct http

/* 0 or -EPERM for plain HTTP to anywhere but loopback. The request and its strings may go away. */
int http_start(struct http *http, const struct http_request *request,
	       struct http_exchange **ret) MUST_CHECK;
/* Waits until something happens, at most @timeout_ms, and moves all exchanges on. */
int http_step(struct http *http, struct http_wait *waits, size_t count, int timeout_ms) MUST_CHECK;
/* http_step until this exchange has ended; others move on as well. */
enum http_result http_finish(struct http *http, struct http_exchange *exchange);

enum http_result http_exchange_result(const struct http_exchange *exchange);
const struct http_head *http_exchange_head(const struct http_exchange *exchange);
/* Why it ended, for humans, without URL, header or anything of a body: "connection refused". */
const char *http_exchange_reason(const struct http_exchange *exchange);
void http_exchange_resume(struct http_exchange *exchange);
/* Ends it if it still runs. */
void http_exchange_free(struct http_exchange *exchange);
void http_exchange_freep(struct http_exchange **exchange);
#define auto_http_exchange CLEANUP(http_exchange_freep) struct http_exchange
