/*
 * Who gets which secret: the decisions of registry authentication, without any I/O.
 *
 * A registry answers 401 with a challenge. "Basic" wants the credentials themselves; "Bearer" names
 * a realm, any URL it likes, where a token can be had. Since the registry chooses that URL it is
 * the registry's word against our network and our password, so (threats RG-01, RG-02):
 *
 *   - the realm must be https; http only if both it and the registry are loopback;
 *   - a literal address is accepted only if it is the registry's own host, or both are loopback;
 *   - credentials go there only if registry and realm have one owner (codec/domain); otherwise
 *     the token is asked for anonymously only where there are no credentials to betray;
 *   - what is asked for is the right to pull this repository, whatever scope the challenge names.
 *
 * A token or password then belongs to the registry's origin (scheme, host, port) and is sent to no
 * other, wherever a redirect leads.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/url.h"

#include <stdbool.h>
#include <stddef.h>

#define AUTH_TOKEN_MAX (32u << 10)

/* Whether the realm may be asked, and be given credentials if @with_credentials. ERROR_DENIED with
 * the two hosts. */
int auth_realm_check(const struct url *registry, const struct url *realm, bool with_credentials,
		     struct error *err) MUST_CHECK;

/* Whether a redirect from the registry may be followed to @to. ERROR_DENIED. */
int auth_redirect_check(const struct url *registry, const struct url *to,
			struct error *err) MUST_CHECK;

/* "service=…&scope=repository:…:pull" as it goes into a query or a form. Owned by the caller. */
char *auth_token_query(const char *service, const char *repository) MUST_CHECK;
/* Appends "&name=value", percent-encoded, to @query. Owned by the caller; takes @query. */
char *auth_query_add(char *query, const char *name, const char *value) MUST_CHECK;

/* The token in the answer of a realm, fit for a header. ERROR_CORRUPT. Owned by the caller. */
int auth_token_parse(const char *text, size_t len, char **ret, struct error *err) MUST_CHECK;
