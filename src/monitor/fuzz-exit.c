/* Property: an exit record that is accepted is one that the monitor could have written. */
#include "monitor/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_exit exit = {.code = 12345};

	if (record_parse_exit((const char *)data, size, &exit) < 0) {
		if (exit.code != 12345)
			abort();
		return 0;
	}
	if (exit.code < -1 || exit.code > 255 || exit.oom_killed > 1)
		abort();
	return 0;
}
