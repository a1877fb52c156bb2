#include "registry/session.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/www-authenticate.h"
#include "registry/auth.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define HUB		"docker.io"
#define HUB_REGISTRY	"registry-1.docker.io"
#define REDIRECTS_MAX	5
#define REFUSAL_MAX	(64u << 10)
#define PROBE_SECONDS	5
#define TOKEN_SECONDS	30
#define TOKEN_BODY_MAX	(256u << 10)
#define STATUS_MODIFIED 304

static enum http_take take_nothing(const struct http_head *head UNUSED, const void *data UNUSED,
				   size_t len UNUSED, void *arg UNUSED)
{
	return HTTP_STOP;
}

static int unreachable(const struct url *url, const struct http_exchange *exchange,
		       struct error *err)
{
	auto_free char *authority = url_authority(url);

	return error_set(err, ERROR_UNAVAILABLE, "registry %s cannot be used: %s", authority,
			 http_exchange_reason(exchange));
}

/* What a server of plain HTTP answers to anybody. One of TLS calls it a bad request, sends us over
 * to https, or says nothing that is HTTP. */
static bool speaks_http(const struct http_exchange *exchange)
{
	enum http_result result = http_exchange_result(exchange);
	int status = http_exchange_head(exchange)->status;

	if (result != HTTP_DONE && result != HTTP_STOPPED)
		return false;
	return status != 400 && status != 426 && status / 100 != 3;
}

/* Asks a loopback registry which it speaks, with a request that anybody may see. */
static int choose_scheme(struct session *session, const char *domain, struct error *err)
{
	auto_url plain = {0};
	auto_http_exchange *exchange = NULL;
	struct http_request request = {
		.url = &plain, .seconds = PROBE_SECONDS, .body = take_nothing};
	int r;

	if (url_from_authority(domain, false, &plain) < 0)
		return error_set(err, ERROR_INVALID, "\"%s\" is not the address of a registry",
				 domain);
	mem_freep(&plain.target);
	plain.target = mem_strdup("/v2/");
	r = http_start(session->http, &request, &exchange);
	if (r < 0)
		return error_errno(err, r, "ask the registry");
	(void)http_finish(session->http, exchange);
	if (!speaks_http(exchange))
		return 0;
	url_release(&session->base);
	session->base = plain;
	plain = (struct url) {0};
	return 0;
}

int session_open(struct session *session, const char *domain, struct error *err)
{
	if (STREQ(domain, HUB))
		domain = HUB_REGISTRY;
	if (url_from_authority(domain, true, &session->base) < 0)
		return error_set(err, ERROR_INVALID, "\"%s\" is not the address of a registry",
				 domain);
	return url_is_loopback(&session->base) ? choose_scheme(session, domain, err) : 0;
}

static void wipe(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	mem_freep(secret);
}

void session_release(struct session *session)
{
	url_release(&session->base);
	wipe(&session->authorization);
}

/* ----------------------------------------------------------------------- challenges and tokens */

static bool has_credentials(const struct session *session)
{
	return session->password || session->refresh_token;
}

static char *basic_header(const struct session *session)
{
	auto_free char *plain = mem_printf("%s:%s", session->username, session->password);
	auto_free char *encoded = base64_encode(plain, strlen(plain));

	return mem_printf("Authorization: Basic %s", encoded);
}

struct token_answer {
	struct str text;
};

static enum http_take take_token(const struct http_head *head, const void *data, size_t len,
				 void *arg)
{
	struct token_answer *answer = arg;

	if (head->content_encoding && strcasecmp(head->content_encoding, "identity") != 0)
		return HTTP_STOP;
	if (answer->text.len + len > TOKEN_BODY_MAX)
		return HTTP_STOP;
	str_append_mem(&answer->text, data, len);
	return HTTP_TAKEN;
}

/* Sends the request for a token; @realm has the query already, unless @form is posted. */
static int exchange_token(struct session *session, const struct url *realm, const char *header,
			  const char *form, struct str *ret, struct error *err)
{
	char *headers[] = {(char *)"Accept: application/json", (char *)header, NULL};
	struct http_request request = {.url = realm,
				       .headers = headers,
				       .form = form,
				       .seconds = TOKEN_SECONDS,
				       .body = take_token};
	CLEANUP(http_exchange_freep) struct http_exchange *exchange = NULL;
	auto_free char *authority = url_authority(realm);
	struct token_answer answer = {0};
	int status, r;

	request.arg = &answer;
	r = http_start(session->http, &request, &exchange);
	if (r < 0)
		return error_errno(err, r, "ask %s for a token", authority);
	if (http_finish(session->http, exchange) != HTTP_DONE) {
		str_release(&answer.text);
		return error_set(err, ERROR_UNAVAILABLE, "ask %s for a token: %s", authority,
				 http_exchange_reason(exchange));
	}
	status = http_exchange_head(exchange)->status;
	*ret = answer.text;
	if (status == 200)
		return 0;
	if (status == 400 || status == 401 || status == 403)
		return error_set(
			err, ERROR_DENIED,
			"pull access denied for %s, repository does not exist or may require "
			"'docker login': %s gives no token%s",
			session->name, authority,
			has_credentials(session) ? " for these credentials" : "");
	return error_set(err, ERROR_UNAVAILABLE, "ask %s for a token: it answers with status %d",
			 authority, status);
}

/* The realm with the query appended to what it has already. */
static int realm_with_query(const struct url *realm, const char *query, struct url *ret)
{
	auto_free char *text = url_text(realm);
	auto_free char *longer =
		mem_printf("%s%s%s", text, strchr(realm->target, '?') ? "&" : "?", query);

	return url_parse(longer, ret);
}

static int request_token(struct session *session, const struct url *realm, const char *service,
			 struct str *ret, struct error *err)
{
	auto_free char *header = NULL;
	auto_url url = {0};
	char *query = auth_token_query(service, session->repository);
	int r;

	if (session->refresh_token) {
		query = auth_query_add(query, "grant_type", "refresh_token");
		query = auth_query_add(query, "client_id", "kist");
		query = auth_query_add(query, "refresh_token", session->refresh_token);
		r = exchange_token(session, realm, NULL, query, ret, err);
		wipe(&query);
		return r;
	}
	if (session->password) {
		query = auth_query_add(query, "account", session->username);
		header = basic_header(session);
	}
	r = realm_with_query(realm, query, &url);
	mem_freep(&query);
	if (r < 0)
		return error_set(err, ERROR_CORRUPT, "the registry's realm for tokens is too long");
	r = exchange_token(session, &url, header, NULL, ret, err);
	wipe(&header);
	return r;
}

static int answer_bearer(struct session *session, const struct challenge *challenge,
			 struct error *err)
{
	auto_free char *authority = url_authority(&session->base);
	CLEANUP(str_release) struct str text = {0};
	auto_free char *token = NULL;
	auto_url realm = {0};
	int r;

	if (!challenge->realm || url_parse(challenge->realm, &realm) < 0)
		return error_set(err, ERROR_CORRUPT,
				 "registry %s names no proper realm for its tokens", authority);
	r = auth_realm_check(&session->base, &realm, has_credentials(session), err);
	if (r < 0)
		return r;
	r = request_token(session, &realm, challenge->service, &text, err);
	if (r < 0)
		return r;
	r = auth_token_parse(str_text(&text), text.len, &token, err);
	if (r < 0)
		return error_prefix(err, "log in to registry %s", authority);
	wipe(&session->authorization);
	session->authorization = mem_printf("Authorization: Bearer %s", token);
	explicit_bzero(token, strlen(token));
	return 0;
}

struct offers {
	struct challenge bearer;
	bool bearer_offered;
	bool basic_offered;
};

static void note_offer(struct challenge *challenge, void *arg)
{
	struct offers *offers = arg;

	if (challenge->scheme == CHALLENGE_BEARER && !offers->bearer_offered) {
		offers->bearer_offered = true;
		offers->bearer = *challenge;
		*challenge = (struct challenge) {0};
	} else if (challenge->scheme == CHALLENGE_BASIC) {
		offers->basic_offered = true;
	}
}

/* Gets what the registry asks for into session->authorization. 1: done; 0: there is nothing that we
 * could answer. */
static int answer_challenge(struct session *session, const struct http_head *head,
			    struct error *err)
{
	struct offers offers = {0};
	int r = 0;

	for (size_t i = 0; i < head->challenges.n && r == 0; i++)
		if (www_authenticate_parse(head->challenges.v[i], note_offer, &offers) < 0)
			r = error_set(err, ERROR_CORRUPT,
				      "the registry asks for a login in no proper form");
	if (r == 0 && offers.bearer_offered) {
		r = answer_bearer(session, &offers.bearer, err);
		r = r < 0 ? r : 1;
	} else if (r == 0 && offers.basic_offered && session->password) {
		wipe(&session->authorization);
		session->authorization = basic_header(session);
		r = 1;
	}
	challenge_release(&offers.bearer);
	return r;
}

/* ------------------------------------------------------------------------------------- requests */

static bool is_success(const struct http_head *head)
{
	return head->status == 200 || head->status == 206;
}

static bool is_redirect(const struct http_head *head)
{
	return head->status > 300 && head->status < 400 && head->status != STATUS_MODIFIED;
}

static enum http_take take_body(const struct http_head *head, const void *data, size_t len,
				void *arg)
{
	struct request *request = arg;

	if (is_success(head))
		return request->body(head, data, len, request->arg);
	/* Of redirects and challenges nothing is read; of refusals enough to tell why. */
	if (request->refusal.len + len > REFUSAL_MAX || is_redirect(head))
		return HTTP_STOP;
	str_append_mem(&request->refusal, data, len);
	return HTTP_TAKEN;
}

static int send_request(struct request *request, struct error *err)
{
	struct session *session = request->session;
	auto_free char *accept = NULL, *range = NULL, *authority = NULL;
	char *headers[5] = {(char *)"Accept-Encoding: identity"};
	struct http_request http = {.url = &request->at,
				    .headers = headers,
				    .seconds = request->seconds,
				    .body = take_body,
				    .arg = request};
	size_t n = 1;
	int r;

	if (request->accept) {
		accept = mem_printf("Accept: %s", request->accept);
		headers[n++] = accept;
	}
	if (request->offset > 0) {
		range = mem_printf("Range: bytes=%llu-", (unsigned long long)request->offset);
		headers[n++] = range;
	}
	if (session->authorization && url_same_origin(&session->base, &request->at))
		headers[n++] = session->authorization;
	str_clear(&request->refusal);
	http_exchange_freep(&request->exchange);
	request->exchange = NULL;
	r = http_start(session->http, &http, &request->exchange);
	if (r < 0) {
		authority = url_authority(&request->at);
		return error_errno(err, r, "ask %s", authority);
	}
	return 0;
}

/* Back to the registry itself. */
static int aim(struct request *request, struct error *err)
{
	url_release(&request->at);
	if (url_resolve(&request->session->base, request->target, &request->at) < 0)
		return error_set(err, ERROR_INVALID, "the name cannot stand in a URL");
	return 0;
}

int request_start(struct request *request, struct error *err)
{
	int r;

	r = aim(request, err);
	if (r < 0)
		return r;
	request->redirects = 0;
	request->challenged = false;
	return send_request(request, err);
}

static int follow_redirect(struct request *request, const struct http_head *head, struct error *err)
{
	const struct url *base = &request->session->base;
	auto_free char *authority = url_authority(base);
	auto_url to = {0};
	int r;

	if (++request->redirects > REDIRECTS_MAX)
		return error_set(err, ERROR_CORRUPT, "registry %s redirects more than %d times",
				 authority, REDIRECTS_MAX);
	if (!head->location || url_resolve(&request->at, head->location, &to) < 0)
		return error_set(err, ERROR_CORRUPT, "registry %s redirects to no proper URL",
				 authority);
	r = auth_redirect_check(base, &to, err);
	if (r < 0)
		return r;
	url_release(&request->at);
	request->at = to;
	to = (struct url) {0};
	return send_request(request, err);
}

int request_advance(struct request *request, struct error *err)
{
	const struct http_head *head = http_exchange_head(request->exchange);
	enum http_result result = http_exchange_result(request->exchange);
	bool answered = result == HTTP_DONE || result == HTTP_STOPPED;
	int r;

	if (answered && is_redirect(head))
		return follow_redirect(request, head, err);
	if (!answered || head->status != 401 || request->challenged ||
	    !url_same_origin(&request->session->base, &request->at))
		return 1;
	request->challenged = true;
	r = answer_challenge(request->session, head, err);
	if (r < 0)
		return r;
	if (r == 0)
		return 1;
	r = aim(request, err);
	return r < 0 ? r : send_request(request, err);
}

int request_run(struct request *request, struct error *err)
{
	int r;

	r = request_start(request, err);
	while (r == 0) {
		(void)http_finish(request->session->http, request->exchange);
		r = request_advance(request, err);
	}
	return r < 0 ? r : 0;
}

void request_release(struct request *request)
{
	http_exchange_freep(&request->exchange);
	request->exchange = NULL;
	url_release(&request->at);
	mem_freep(&request->target);
	mem_freep(&request->accept);
	str_release(&request->refusal);
}

bool request_is_transient(const struct request *request)
{
	const struct http_head *head = http_exchange_head(request->exchange);

	switch (http_exchange_result(request->exchange)) {
	case HTTP_TOO_SLOW:
	case HTTP_BROKEN:
		return true;
	case HTTP_DONE:
		return head->status >= 500 || head->status == 408;
	case HTTP_RUNNING:
	case HTTP_NO_NAME:
	case HTTP_NO_CONNECTION:
	case HTTP_NOT_TLS:
	case HTTP_BAD_CERTIFICATE:
	case HTTP_BAD_ANSWER:
	case HTTP_STOPPED:
		break;
	}
	return false;
}

/* Whether the registry's own error code says so (distribution spec, error codes). */
static bool refusal_says(const struct request *request, const char *code)
{
	auto_json *json = NULL;
	const struct json *errors;

	if (json_parse(str_text(&request->refusal), request->refusal.len, &json, NULL) < 0)
		return false;
	errors = json_get(json, "errors");
	for (size_t i = 0; i < json_count(errors); i++) {
		const char *said = json_get_string(json_at(errors, i), "code");

		if (said && STREQ(said, code))
			return true;
	}
	return false;
}

int request_refused(const struct request *request, const char *what, struct error *err)
{
	const struct session *session = request->session;
	enum http_result result = http_exchange_result(request->exchange);
	auto_free char *authority = url_authority(&request->at);
	int status = http_exchange_head(request->exchange)->status;

	if (result != HTTP_DONE && result != HTTP_STOPPED)
		return unreachable(&request->at, request->exchange, err);
	if (status == 429 || refusal_says(request, "TOOMANYREQUESTS"))
		return error_set(
			err, ERROR_UNAVAILABLE,
			"toomanyrequests: registry %s allows no more pulls at present; try "
			"again later, or log in",
			authority);
	if (status == 401 || status == 403 || refusal_says(request, "DENIED"))
		return error_set(
			err, ERROR_DENIED,
			"pull access denied for %s, repository does not exist or may require "
			"'docker login'",
			session->name);
	if (status == 404)
		return error_set(err, ERROR_NOT_FOUND, "%s not found: %s", what,
				 refusal_says(request, "NAME_UNKNOWN") ? "repository unknown"
								       : "manifest unknown");
	return error_set(err, ERROR_UNAVAILABLE, "%s: registry %s answers with status %d", what,
			 authority, status);
}
