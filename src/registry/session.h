/*
 * One repository of one registry, as the fetch worker sees it: where it is, what proves who we are,
 * and requests that follow redirects and answer challenges by the rules of registry/auth.
 *
 * A registry on a literal loopback address (or called localhost, which is never looked up) may
 * speak plain HTTP; which it speaks is asked without saying anything secret. HTTP is tried first:
 * reading all certificates for TLS takes longer than the rest of a small pull. All others are
 * https.
 *
 * Errors never hold a URL's path or query, a header or anything of a body.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "codec/url.h"
#include "io/http-fetch.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
	struct http *http;	   /* borrowed */
	struct url base;	   /* origin of the registry */
	const char *repository;	   /* "library/busybox"; borrowed */
	const char *name;	   /* how errors call the repository; borrowed */
	const char *username;	   /* NULL: none; borrowed */
	const char *password;	   /* NULL: none; borrowed */
	const char *refresh_token; /* NULL: none; borrowed */
	char *authorization;	   /* "Authorization: …", for base alone */
};

/* Finds out where @domain is to be asked. The borrowed fields of @session are set already. */
int session_open(struct session *session, const char *domain, struct error *err) MUST_CHECK;
void session_release(struct session *session);
#define auto_session CLEANUP(session_release) struct session

/* One GET, until its final answer. */
struct request {
	struct session *session;
	struct http_exchange *exchange;
	struct url at;	    /* of the exchange: the registry, or where it redirected to */
	char *target;	    /* path and query at the registry */
	char *accept;	    /* value of Accept, or NULL */
	uint64_t offset;    /* > 0: asks for the bytes from here on */
	unsigned seconds;   /* as struct http_request */
	unsigned redirects; /* followed */
	bool challenged;    /* a challenge has been answered already */
	struct str refusal; /* the start of the body of an answer that is no success */
	/* Body of a success only; as struct http_request. */
	enum http_take (*body)(const struct http_head *head, const void *data, size_t len,
			       void *arg);
	void *arg;
};

/* Sends @request, whose session, target, accept, offset, seconds, body and arg are set; the strings
 * belong to it from now on. */
int request_start(struct request *request, struct error *err) MUST_CHECK;
/*
 * To be called when the exchange has ended. 0: a redirect or a challenge was answered and another
 * exchange runs. 1: this was the last one; its result may be anything but a redirect.
 */
int request_advance(struct request *request, struct error *err) MUST_CHECK;
/* request_start and then all of it. */
int request_run(struct request *request, struct error *err) MUST_CHECK;
void request_release(struct request *request);
#define auto_request CLEANUP(request_release) struct request

/* Whether the final answer is worth another try: no answer, or one that blames the server. */
bool request_is_transient(const struct request *request);
/* The sentence for a final answer that is no success. @what was asked for: "manifest for a:b". */
int request_refused(const struct request *request, const char *what, struct error *err);
