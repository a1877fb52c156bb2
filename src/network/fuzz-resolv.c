/* Property: whatever the host's file says, the result is nothing but lines that we write, and is
 * its own result. */
#include "base/mem.h"
#include "base/str.h"
#include "network/resolv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const char *text)
{
	while (*text) {
		const char *end = strchr(text, '\n');

		if (!end || !(str_starts(text, "nameserver ") || str_starts(text, "search ") ||
			      str_starts(text, "options ")))
			abort();
		text = end + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolv_options options = {0};
	auto_free char *input = mem_strndup((const char *)data, size);
	auto_free char *text = NULL, *again = NULL;

	if (resolv_make(input, &options, &text, NULL) < 0)
		abort();
	check_lines(text);
	if (!str_starts(text, "nameserver "))
		abort();
	if (resolv_make(text, &options, &again, NULL) < 0 || strcmp(text, again) != 0)
		abort();
	return 0;
}
