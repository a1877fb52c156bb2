#include "registry/auth.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/domain.h"
#include "codec/json-unique.h"
#include "codec/json.h"

#include <string.h>

/* What is no name, and the one name that means an address. */
static bool is_literal(const struct url *url)
{
	return url->kind != URL_HOST_NAME || url_is_loopback(url);
}

/* The rule that realm and redirect share: encrypted, and not into our own network. */
static bool may_contact(const struct url *registry, const struct url *to)
{
	bool both_loopback = url_is_loopback(registry) && url_is_loopback(to);

	if (both_loopback)
		return to->https || !registry->https;
	if (!to->https)
		return false;
	return !is_literal(to) || STREQ(registry->host, to->host);
}

int auth_realm_check(const struct url *registry, const struct url *realm, bool with_credentials,
		     struct error *err)
{
	auto_free char *from = url_authority(registry);
	auto_free char *to = url_authority(realm);

	if (!may_contact(registry, realm))
		return error_set(
			err, ERROR_DENIED,
			"registry %s wants a token from %s%s, which is not an https server "
			"with a name of its own",
			from, realm->https ? "" : "http://", to);
	if (with_credentials && !domain_same_owner(registry->host, realm->host))
		return error_set(err, ERROR_DENIED,
				 "registry %s wants its credentials sent to %s, which belongs to "
				 "somebody else",
				 from, to);
	return 0;
}

int auth_redirect_check(const struct url *registry, const struct url *to, struct error *err)
{
	auto_free char *from = url_authority(registry);
	auto_free char *target = url_authority(to);

	if (may_contact(registry, to))
		return 0;
	return error_set(
		err, ERROR_DENIED,
		"registry %s redirects to %s%s, which is not an https server with a name of "
		"its own",
		from, to->https ? "" : "http://", target);
}

static void encode(struct str *out, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/";

	for (const char *p = text; *p; p++) {
		if (strchr(plain, *p))
			str_append_char(out, *p);
		else
			str_append_format(out, "%%%02X", (unsigned char)*p);
	}
}

char *auth_query_add(char *query, const char *name, const char *value)
{
	auto_free char *old = query;
	auto_str out = {0};

	str_append_format(&out, "%s%s%s=", old ? old : "", old && *old ? "&" : "", name);
	encode(&out, value);
	return str_take(&out);
}

char *auth_token_query(const char *service, const char *repository)
{
	auto_free char *scope = mem_printf("repository:%s:pull", repository);
	char *query = NULL;

	if (service)
		query = auth_query_add(query, "service", service);
	return auth_query_add(query, "scope", scope);
}

static bool is_token(const char *token)
{
	size_t len = strnlen(token, AUTH_TOKEN_MAX + 1);

	if (len == 0 || len > AUTH_TOKEN_MAX)
		return false;
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	return true;
}

int auth_token_parse(const char *text, size_t len, char **ret, struct error *err)
{
	auto_json *json = NULL;
	const char *token;

	if (json_parse(text, len, &json, NULL) < 0 || !json_unique(text, len, json))
		return error_set(err, ERROR_CORRUPT,
				 "the answer with the token is not proper JSON");
	token = json_get_string(json, "token");
	if (!token || !*token)
		token = json_get_string(json, "access_token");
	if (!token || !is_token(token))
		return error_set(err, ERROR_CORRUPT, "the answer has no usable token");
	*ret = mem_strdup(token);
	return 0;
}
