/* Properties: what is accepted is written and read back to the same; nothing that could end a
 * header line or name a user is in it; an origin stays the origin of its relative locations. */
#include "base/mem.h"
#include "codec/url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct url *url)
{
	auto_free char *text = url_text(url);
	auto_free char *second = NULL;
	auto_url again = {0};

	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '\\' || *p == '#')
			abort();
	if (strpbrk(url->host, "@/?") || url->target[0] != '/')
		abort();
	if (strlen(text) > URL_MAX)
		return;
	if (url_parse(text, &again) < 0 || !url_same_origin(url, &again))
		abort();
	second = url_text(&again);
	if (strcmp(text, second) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *input = mem_strndup((const char *)data, size);
	auto_url base = {0}, url = {0}, relative = {0};

	if (url_parse(input, &url) == 0)
		check(&url);
	if (url_parse("https://registry.example:5000/v2/a/blobs/x?y=/", &base) < 0)
		abort();
	if (url_resolve(&base, input, &relative) == 0)
		check(&relative);
	return 0;
}
