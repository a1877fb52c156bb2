/* Property: an error is either absent and untouched, or has a kind, an errno and a message. */
#include "monitor/launch.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_error error = {0};

	launch_read_log((const char *)data, size, &error);
	if (error.kind >= ERROR_KIND_COUNT)
		abort();
	if ((error.kind == ERROR_NONE) != (error.message == NULL))
		abort();
	return 0;
}
