/* Property: what is read is written back as the very same bytes, so that nothing has two encodings;
 * the container's configuration has every kind of field. */
#include "api/docker/config-record.h"
#include "api/operation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct tagged_field *fields, void *values, size_t values_size,
		  const uint8_t *data, size_t size)
{
	auto_str out = {0};

	if (tagged_decode(fields, data, size, values, values_size) < 0)
		return;
	if (tagged_encode(fields, values, &out) < 0 || out.len != size ||
	    (size > 0 && memcmp(out.data, data, size) != 0))
		abort();
	tagged_release(fields, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_config config;
	struct operation_call call;

	check(container_config_record, &config, sizeof(config), data, size);
	check(operation_call_record, &call, sizeof(call), data, size);
	return 0;
}
