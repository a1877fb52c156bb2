#include "codec/url.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define PORT_HTTP  80
#define PORT_HTTPS 443

static bool is_target_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}#", c);
}

static bool is_label_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static int check_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1 ? 0 : -EINVAL;
}

/* Labels of letters, digits, '-' and '_'. */
static int check_labels(const char *host)
{
	for (const char *p = host;;) {
		size_t len = 0;

		while (is_label_char(p[len]))
			len++;
		if (len == 0 || len > 63 || p[0] == '-' || p[len - 1] == '-')
			return -EINVAL;
		if (!p[len])
			return 0;
		if (p[len] != '.')
			return -EINVAL;
		p += len + 1;
	}
}

static int classify_host(const char *host, bool brackets, enum url_host *ret)
{
	const char *last = strrchr(host, '.');
	struct in_addr address;
	int r;

	if (brackets) {
		*ret = URL_HOST_IPV6;
		return check_ipv6(host);
	}
	r = check_labels(host);
	if (r < 0)
		return r;
	last = last ? last + 1 : host;
	if (!isdigit((unsigned char)*last)) {
		*ret = URL_HOST_NAME;
		return 0;
	}
	/* inet_pton takes only four decimal bytes without leading zeros. */
	if (inet_pton(AF_INET, host, &address) != 1)
		return -EINVAL;
	*ret = URL_HOST_IPV4;
	return 0;
}

static int parse_port(const char *text, size_t len, uint16_t *ret)
{
	char digits[6];
	uint32_t port;
	int r;

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';
	r = parse_u32(digits, 1, UINT16_MAX, &port);
	if (r < 0)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

/* Fills host, kind and port from @len bytes at @text. */
static int parse_authority(const char *text, size_t len, struct url *url)
{
	const char *host = text, *end = text + len, *host_end;
	bool brackets = len > 0 && text[0] == '[';
	int r;

	if (brackets) {
		host++;
		host_end = memchr(host, ']', (size_t)(end - host));
	} else {
		host_end = memchr(host, ':', len);
		if (!host_end)
			host_end = end;
	}
	if (!host_end || host_end == host || host_end - host > URL_HOST_MAX)
		return -EINVAL;
	url->host = mem_strndup(host, (size_t)(host_end - host));
	for (char *p = url->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	r = classify_host(url->host, brackets, &url->kind);
	if (r < 0)
		return r;
	host_end += brackets;
	url->port = url->https ? PORT_HTTPS : PORT_HTTP;
	if (host_end == end)
		return 0;
	if (*host_end != ':')
		return -EINVAL;
	return parse_port(host_end + 1, (size_t)(end - host_end - 1), &url->port);
}

/* What follows the authority: nothing, a path, or a query. */
static int parse_target(const char *text, struct url *url)
{
	for (const char *p = text; *p; p++)
		if (!is_target_char(*p))
			return -EINVAL;
	url->target = *text == '/' ? mem_strdup(text) : mem_printf("/%s", text);
	return 0;
}

/* "authority/path?query" behind the two slashes. */
static int parse_rest(const char *text, bool https, struct url *ret)
{
	auto_url url = {.https = https};
	size_t len = strcspn(text, "/?");
	int r;

	r = parse_authority(text, len, &url);
	if (r < 0)
		return r;
	r = parse_target(text + len, &url);
	if (r < 0)
		return r;
	*ret = url;
	url = (struct url) {0};
	return 0;
}

int url_parse(const char *text, struct url *ret)
{
	if (strnlen(text, URL_MAX + 1) > URL_MAX)
		return -EINVAL;
	if (strncasecmp(text, "https://", 8) == 0)
		return parse_rest(text + 8, true, ret);
	if (strncasecmp(text, "http://", 7) == 0)
		return parse_rest(text + 7, false, ret);
	return -EINVAL;
}

/* A path relative to the folder of the base's. */
static int resolve_relative(const struct url *base, const char *text, struct url *ret)
{
	auto_url url = {0};
	auto_free char *path = NULL;
	size_t folder = strcspn(base->target, "?");
	int r;

	if (text[0] != '/') {
		while (base->target[folder - 1] != '/')
			folder--;
		path = mem_printf("%.*s%s", (int)folder, base->target, text);
		text = path;
	}
	url_copy(base, &url);
	mem_freep(&url.target);
	url.target = NULL;
	r = parse_target(text, &url);
	if (r < 0)
		return r;
	*ret = url;
	url = (struct url) {0};
	return 0;
}

int url_resolve(const struct url *base, const char *text, struct url *ret)
{
	size_t scheme = strcspn(text, ":/?");

	if (!*text || strnlen(text, URL_MAX + 1) > URL_MAX)
		return -EINVAL;
	if (text[scheme] == ':')
		return url_parse(text, ret);
	if (str_starts(text, "//"))
		return parse_rest(text + 2, base->https, ret);
	if (text[0] == '?')
		return -EINVAL;
	return resolve_relative(base, text, ret);
}

int url_from_authority(const char *authority, bool https, struct url *ret)
{
	if (strnlen(authority, URL_MAX + 1) > URL_MAX || strpbrk(authority, "/?"))
		return -EINVAL;
	return parse_rest(authority, https, ret);
}

void url_copy(const struct url *url, struct url *ret)
{
	*ret = (struct url) {
		.https = url->https,
		.kind = url->kind,
		.host = mem_strdup(url->host),
		.port = url->port,
		.target = mem_strdup(url->target),
	};
}

void url_release(struct url *url)
{
	mem_freep(&url->host);
	mem_freep(&url->target);
	*url = (struct url) {0};
}

char *url_authority(const struct url *url)
{
	const char *open = url->kind == URL_HOST_IPV6 ? "[" : "";
	const char *close = url->kind == URL_HOST_IPV6 ? "]" : "";

	if (url->port == (url->https ? PORT_HTTPS : PORT_HTTP))
		return mem_printf("%s%s%s", open, url->host, close);
	return mem_printf("%s%s%s:%u", open, url->host, close, url->port);
}

char *url_text(const struct url *url)
{
	auto_free char *authority = url_authority(url);

	return mem_printf("%s://%s%s", url->https ? "https" : "http", authority, url->target);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port && STREQ(a->host, b->host);
}

bool url_is_loopback(const struct url *url)
{
	struct in6_addr six;
	struct in_addr four;

	switch (url->kind) {
	case URL_HOST_IPV4:
		return inet_pton(AF_INET, url->host, &four) == 1 &&
		       (ntohl(four.s_addr) >> 24) == 127;
	case URL_HOST_IPV6:
		return inet_pton(AF_INET6, url->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
	case URL_HOST_NAME:
		break;
	}
	return STREQ(url->host, "localhost");
}
