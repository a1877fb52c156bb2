#include "io/http-fetch.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX	(64u << 10)
#define CHALLENGES_MAX	8
#define BUFFER_SIZE	(256L << 10)
#define CONNECT_SECONDS 15L
/* A connection slower than this for so long is as good as broken. */
#define SLOW_BYTES   256L
#define SLOW_SECONDS 20L
#define WAITS_MAX    32

struct http {
	CURLM *multi;
	char *ca_file;
	char *proxy; /* NULL: none */
	char *no_proxy;
};

struct http_exchange {
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct http_head head;
	size_t head_bytes;
	bool head_over;
	bool loopback;
	enum http_result result;
	enum http_result fault; /* why a callback of ours ended it */
	CURLcode code;
	long os_errno;
	char detail[CURL_ERROR_SIZE];
	enum http_take (*body)(const struct http_head *head, const void *data, size_t len,
			       void *arg);
	void *arg;
};

int http_new(const char *ca_file, struct http **ret)
{
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	http = mem_new(struct http);
	http->multi = curl_multi_init();
	http->ca_file = mem_strdup(ca_file);
	if (!http->multi) {
		http_free(http);
		return -ENOMEM;
	}
	*ret = http;
	return 0;
}

void http_use_proxy(struct http *http, const char *proxy, const char *except)
{
	mem_freep(&http->proxy);
	mem_freep(&http->no_proxy);
	http->proxy = mem_strdup(proxy);
	http->no_proxy = mem_strdup(except);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->multi)
		(void)curl_multi_cleanup(http->multi);
	mem_freep(&http->ca_file);
	mem_freep(&http->proxy);
	mem_freep(&http->no_proxy);
	mem_freep(&http);
}

void http_freep(struct http **http)
{
	http_free(*http);
}

static void release_head(struct http_head *head)
{
	mem_freep(&head->content_type);
	mem_freep(&head->content_encoding);
	mem_freep(&head->content_range);
	mem_freep(&head->location);
	strv_release(&head->challenges);
	*head = (struct http_head) {.content_length = -1};
}

/* A member that decides something must not be there twice. */
static int keep_once(char **field, const char *value)
{
	if (*field)
		return -EINVAL;
	*field = mem_strdup(value);
	return 0;
}

static int keep_length(struct http_head *head, const char *value)
{
	uint64_t length;

	if (parse_u64(value, &length) < 0 || length > INT64_MAX)
		return -EINVAL;
	if (head->content_length >= 0 && (uint64_t)head->content_length != length)
		return -EINVAL;
	head->content_length = (int64_t)length;
	return 0;
}

static int keep_challenge(struct http_head *head, const char *value)
{
	if (head->challenges.n == CHALLENGES_MAX)
		return -EINVAL;
	strv_add(&head->challenges, value);
	return 0;
}

static int keep_field(struct http_head *head, const char *name, const char *value)
{
	if (strcasecmp(name, "content-type") == 0)
		return keep_once(&head->content_type, value);
	if (strcasecmp(name, "content-encoding") == 0)
		return keep_once(&head->content_encoding, value);
	if (strcasecmp(name, "content-range") == 0)
		return keep_once(&head->content_range, value);
	if (strcasecmp(name, "location") == 0)
		return keep_once(&head->location, value);
	if (strcasecmp(name, "content-length") == 0)
		return keep_length(head, value);
	if (strcasecmp(name, "www-authenticate") == 0)
		return keep_challenge(head, value);
	return 0;
}

static int read_field(struct http_head *head, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	auto_free char *name = NULL, *value = NULL;
	const char *end = line + len;

	if (!colon || memchr(line, '\0', len))
		return -EINVAL;
	name = mem_strndup(line, (size_t)(colon - line));
	for (colon++; colon < end && (*colon == ' ' || *colon == '\t'); colon++)
		;
	while (end > colon && isspace((unsigned char)end[-1]))
		end--;
	value = mem_strndup(colon, (size_t)(end - colon));
	return keep_field(head, name, value);
}

static size_t on_header(char *line, size_t unit UNUSED, size_t len, void *arg)
{
	struct http_exchange *exchange = arg;
	long status = 0;

	exchange->head_bytes += len;
	if (exchange->head_bytes > HEAD_MAX) {
		exchange->fault = HTTP_BAD_ANSWER;
		return 0;
	}
	/* Trailers of a chunked body decide nothing. */
	if (exchange->head_over)
		return len;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		release_head(&exchange->head);
		return len;
	}
	if (len <= 2 && (line[0] == '\r' || line[0] == '\n')) {
		(void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
		exchange->head.status = (int)status;
		exchange->head_over = status >= 200;
		return len;
	}
	if (read_field(&exchange->head, line, len) < 0) {
		exchange->fault = HTTP_BAD_ANSWER;
		return 0;
	}
	return len;
}

static size_t on_body(char *data, size_t unit UNUSED, size_t len, void *arg)
{
	struct http_exchange *exchange = arg;

	if (len == 0)
		return 0;
	switch (exchange->body(&exchange->head, data, len, exchange->arg)) {
	case HTTP_TAKEN:
		return len;
	case HTTP_PAUSE:
		return CURL_WRITEFUNC_PAUSE;
	case HTTP_STOP:
		break;
	}
	exchange->fault = HTTP_STOPPED;
	return 0;
}

static bool is_loopback_address(const struct sockaddr *address)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* 169.254.0.0/16 and fe80::/10, also as IPv4 mapped into IPv6, and the unspecified ones, which
 * reach this host. */
static bool is_forbidden_address(const struct sockaddr *address)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;
	uint32_t host = 0;

	if (address->sa_family == AF_INET) {
		host = ntohl(four->sin_addr.s_addr);
	} else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		memcpy(&host, &six->sin6_addr.s6_addr[12], sizeof(host));
		host = ntohl(host);
	} else {
		return IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr) ||
		       IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
	}
	return host >> 16 == 0xa9fe || host >> 24 == 0;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *to)
{
	const struct http_exchange *exchange = arg;

	if (to->family != AF_INET && to->family != AF_INET6)
		return CURL_SOCKET_BAD;
	if (exchange->loopback ? !is_loopback_address(&to->addr) : is_forbidden_address(&to->addr))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* One option that a build of libcurl may refuse to know would be one protection less. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))

static int set_bounds(struct http_exchange *exchange, const struct http_request *request)
{
	CURL *easy = exchange->easy;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	SET(CURLOPT_TIMEOUT, (long)request->seconds);
	SET(CURLOPT_BUFFERSIZE, BUFFER_SIZE);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, exchange);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, exchange);
	SET(CURLOPT_PRIVATE, exchange);
	SET(CURLOPT_ERRORBUFFER, exchange->detail);
	return code == CURLE_OK ? 0 : -EINVAL;
}

static int set_peer(struct http_exchange *exchange, const struct http_request *request)
{
	auto_free char *text = url_text(request->url);
	CURL *easy = exchange->easy;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_URL, text);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_PROTOCOLS_STR, request->url->https ? "https" : "http");
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, exchange);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (exchange->http->ca_file)
		SET(CURLOPT_CAINFO, exchange->http->ca_file);
	SET(CURLOPT_CAPATH, NULL);
	/* The empty string keeps libcurl from the environment. */
	SET(CURLOPT_PROXY,
	    exchange->http->proxy && !exchange->loopback ? exchange->http->proxy : "");
	SET(CURLOPT_NOPROXY, exchange->http->no_proxy);
	return code == CURLE_OK ? 0 : -EINVAL;
}

static int set_request(struct http_exchange *exchange, const struct http_request *request)
{
	CURL *easy = exchange->easy;
	CURLcode code = CURLE_OK;

	for (char *const *header = request->headers; header && *header; header++) {
		struct curl_slist *longer = curl_slist_append(exchange->headers, *header);

		if (!longer)
			return -ENOMEM;
		exchange->headers = longer;
	}
	SET(CURLOPT_HTTPHEADER, exchange->headers);
	SET(CURLOPT_USERAGENT, "kist/" KIST_VERSION);
	if (request->form)
		SET(CURLOPT_COPYPOSTFIELDS, request->form);
	return code == CURLE_OK ? 0 : -EINVAL;
}

int http_start(struct http *http, const struct http_request *request, struct http_exchange **ret)
{
	auto_http_exchange *exchange = mem_new(struct http_exchange);
	int r;

	assert(request->body);
	exchange->http = http;
	exchange->loopback = url_is_loopback(request->url);
	exchange->head.content_length = -1;
	exchange->body = request->body;
	exchange->arg = request->arg;
	if (!request->url->https && !exchange->loopback)
		return -EPERM;
	exchange->easy = curl_easy_init();
	if (!exchange->easy)
		return -ENOMEM;
	r = set_bounds(exchange, request);
	if (r == 0)
		r = set_peer(exchange, request);
	if (r == 0)
		r = set_request(exchange, request);
	if (r < 0)
		return r;
	if (curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
		return -ENOMEM;
	*ret = TAKE_PTR(exchange);
	return 0;
}

static enum http_result result_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return HTTP_DONE;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_NO_NAME;
	case CURLE_COULDNT_CONNECT:
		return HTTP_NO_CONNECTION;
	case CURLE_SSL_CONNECT_ERROR:
		return HTTP_NOT_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_BAD_CERTIFICATE;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TOO_SLOW;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return HTTP_BROKEN;
	default:
		return HTTP_BAD_ANSWER;
	}
}

static void note_end(const struct CURLMsg *message)
{
	struct http_exchange *exchange = NULL;

	(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
	(void)curl_easy_getinfo(message->easy_handle, CURLINFO_OS_ERRNO, &exchange->os_errno);
	exchange->code = message->data.result;
	exchange->result = exchange->code != CURLE_OK && exchange->fault
				   ? exchange->fault
				   : result_of(exchange->code);
}

int http_step(struct http *http, struct http_wait *waits, size_t count, int timeout_ms)
{
	struct curl_waitfd fds[WAITS_MAX];
	const struct CURLMsg *message;
	int running, left;

	assert(count <= WAITS_MAX);
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct curl_waitfd) {.fd = waits[i].fd, .events = waits[i].events};
	/* Nothing moves before the wait: @waits were made for things as they stand. A new exchange
	 * is due at once, so the wait for it is short. */
	if (curl_multi_poll(http->multi, fds, (unsigned)count, timeout_ms, NULL) != CURLM_OK ||
	    curl_multi_perform(http->multi, &running) != CURLM_OK)
		return -EIO;
	for (size_t i = 0; i < count; i++)
		waits[i].revents = fds[i].revents;
	while ((message = curl_multi_info_read(http->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			note_end(message);
	return 0;
}

enum http_result http_finish(struct http *http, struct http_exchange *exchange)
{
	while (exchange->result == HTTP_RUNNING)
		if (http_step(http, NULL, 0, 1000) < 0)
			return HTTP_BAD_ANSWER;
	return exchange->result;
}

enum http_result http_exchange_result(const struct http_exchange *exchange)
{
	return exchange->result;
}

const struct http_head *http_exchange_head(const struct http_exchange *exchange)
{
	return &exchange->head;
}

const char *http_exchange_reason(const struct http_exchange *exchange)
{
	switch (exchange->result) {
	case HTTP_NO_NAME:
		return "its name cannot be resolved";
	case HTTP_NO_CONNECTION:
		return exchange->os_errno ? strerror((int)exchange->os_errno)
					  : "no connection to it can be made";
	case HTTP_NOT_TLS:
		return "it does not answer with TLS";
	case HTTP_BAD_CERTIFICATE:
		/* libcurl's text names the fault of the certificate and the host, nothing else. */
		return exchange->detail[0] ? exchange->detail : "its certificate is not valid";
	case HTTP_TOO_SLOW:
		return "it does not answer in time";
	case HTTP_BROKEN:
		return "the connection broke";
	case HTTP_BAD_ANSWER:
		return "its answer is not proper HTTP";
	case HTTP_STOPPED:
	case HTTP_RUNNING:
	case HTTP_DONE:
		break;
	}
	return "the answer was not wanted";
}

void http_exchange_resume(struct http_exchange *exchange)
{
	if (exchange->result == HTTP_RUNNING)
		(void)curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
}

void http_exchange_free(struct http_exchange *exchange)
{
	if (!exchange)
		return;
	if (exchange->easy) {
		(void)curl_multi_remove_handle(exchange->http->multi, exchange->easy);
		curl_easy_cleanup(exchange->easy);
	}
	curl_slist_free_all(exchange->headers);
	release_head(&exchange->head);
	mem_freep(&exchange);
}

void http_exchange_freep(struct http_exchange **exchange)
{
	http_exchange_free(*exchange);
}
