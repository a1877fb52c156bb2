#include "codec/www-authenticate.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* Empty list elements are allowed between challenges and parameters. */
static const char *skip_separators(const char *p)
{
	return p + strspn(p, " \t,");
}

static size_t token_length(const char *p)
{
	size_t n = 0;

	while (is_token_char(p[n]))
		n++;
	return n;
}

/* Reads a quoted string behind its opening quote; moves *@p behind the closing one. */
static int read_quoted(const char **p, struct str *ret)
{
	for (; **p != '"'; (*p)++) {
		if (**p == '\\')
			(*p)++;
		if ((unsigned char)**p < ' ' || **p == 0x7f)
			return -EINVAL;
		str_append_char(ret, **p);
	}
	(*p)++;
	return 0;
}

static int read_value(const char **p, char **ret)
{
	auto_str value = {0};
	size_t n;
	int r;

	if (**p == '"') {
		(*p)++;
		r = read_quoted(p, &value);
		if (r < 0)
			return r;
	} else {
		n = token_length(*p);
		if (n == 0)
			return -EINVAL;
		str_append_mem(&value, *p, n);
		*p += n;
	}
	*ret = str_take(&value);
	return 0;
}

/* A parameter given twice is refused: two readers could choose differently. */
static int keep_parameter(struct challenge *challenge, const char *name, size_t len, char *value)
{
	auto_free char *owned = value;
	const struct {
		const char *name;
		char **value;
	} known[] = {
		{"realm", &challenge->realm},
		{"service", &challenge->service},
		{"scope", &challenge->scope},
		{"error", &challenge->error},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].name) != len || strncasecmp(known[i].name, name, len) != 0)
			continue;
		if (*known[i].value)
			return -EINVAL;
		*known[i].value = TAKE_PTR(owned);
	}
	return 0;
}

/* "name = value", or -EAGAIN if what stands at *@p is not a parameter but the next scheme. */
static int read_parameter(const char **p, struct challenge *challenge)
{
	const char *name = *p, *at;
	size_t len = token_length(name);
	char *value = NULL;
	int r;

	if (len == 0)
		return -EINVAL;
	at = skip_blanks(name + len);
	if (*at != '=')
		return -EAGAIN;
	at = skip_blanks(at + 1);
	r = read_value(&at, &value);
	if (r < 0)
		return r;
	*p = skip_blanks(at);
	if (**p && **p != ',') {
		mem_freep(&value);
		return -EINVAL;
	}
	return keep_parameter(challenge, name, len, value);
}

static enum challenge_scheme scheme_of(const char *name, size_t len)
{
	if (len == 5 && strncasecmp(name, "basic", len) == 0)
		return CHALLENGE_BASIC;
	if (len == 6 && strncasecmp(name, "bearer", len) == 0)
		return CHALLENGE_BEARER;
	return CHALLENGE_OTHER;
}

/* One credential blob instead of parameters, as Negotiate has it ("token68"). */
static const char *skip_token68(const char *p)
{
	const char *end = p;

	while (isalnum((unsigned char)*end) || (*end && strchr("-._~+/", *end)))
		end++;
	end += strspn(end, "=");
	if (end == p || (*skip_blanks(end) && *skip_blanks(end) != ','))
		return p;
	return skip_blanks(end);
}

static int read_challenge(const char **p, struct challenge *challenge)
{
	size_t len = token_length(*p);
	int r;

	if (len == 0)
		return -EINVAL;
	challenge->scheme = scheme_of(*p, len);
	*p += len;
	if (**p && **p != ' ' && **p != ',' && **p != '\t')
		return -EINVAL;
	*p = skip_blanks(*p);
	if (challenge->scheme == CHALLENGE_OTHER)
		*p = skip_token68(*p);
	for (*p = skip_separators(*p); **p; *p = skip_separators(*p)) {
		r = read_parameter(p, challenge);
		if (r == -EAGAIN)
			return 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int www_authenticate_parse(const char *header, void (*each)(struct challenge *challenge, void *arg),
			   void *arg)
{
	int r;

	if (strnlen(header, WWW_AUTHENTICATE_MAX + 1) > WWW_AUTHENTICATE_MAX)
		return -EINVAL;
	for (const char *p = skip_separators(header); *p;) {
		auto_challenge challenge = {0};

		r = read_challenge(&p, &challenge);
		if (r < 0)
			return r;
		each(&challenge, arg);
	}
	return 0;
}

void challenge_release(struct challenge *challenge)
{
	mem_freep(&challenge->realm);
	mem_freep(&challenge->service);
	mem_freep(&challenge->scope);
	mem_freep(&challenge->error);
	*challenge = (struct challenge) {0};
}
