/* Properties: values hold no control characters, and a challenge written again in its plainest form
 * reads as itself. */
#include "base/mem.h"
#include "base/str.h"
#include "codec/www-authenticate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct str *out, const char *name, const char *value)
{
	if (!value)
		return;
	str_append_format(out, ",%s=\"", name);
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			abort();
		if (*p == '"' || *p == '\\')
			str_append_char(out, '\\');
		str_append_char(out, *p);
	}
	str_append_char(out, '"');
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void compare(struct challenge *again, void *arg)
{
	const struct challenge *first = arg;

	if (again->scheme != first->scheme || !same(again->realm, first->realm) ||
	    !same(again->service, first->service) || !same(again->scope, first->scope) ||
	    !same(again->error, first->error))
		abort();
}

static void check(struct challenge *challenge, void *arg UNUSED)
{
	static const char *const names[] = {"Other", "Basic", "Bearer"};
	auto_str out = {0};

	str_append_format(&out, "%s ", names[challenge->scheme]);
	write_value(&out, "realm", challenge->realm);
	write_value(&out, "service", challenge->service);
	write_value(&out, "scope", challenge->scope);
	write_value(&out, "error", challenge->error);
	if (out.len <= WWW_AUTHENTICATE_MAX &&
	    www_authenticate_parse(str_text(&out), compare, challenge) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *input = mem_strndup((const char *)data, size);

	(void)!www_authenticate_parse(input, check, NULL);
	return 0;
}
