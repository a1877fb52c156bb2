/*
 * Any bytes as an entry of the list's cache. What is taken for a container can be packed again, and
 * is the same then.
 */
#include "base/str.h"
#include "engine/list-cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_container container = {0}, again = {0};
	auto_str packed = {0}, packed_again = {0};

	if (!list_cache_unpack((const char *)data, size, &container))
		return 0;
	list_cache_pack(&container, &packed);
	if (!list_cache_unpack(packed.data, packed.len, &again))
		abort();
	list_cache_pack(&again, &packed_again);
	if (packed.len != packed_again.len ||
	    memcmp(packed.data, packed_again.data, packed.len) != 0)
		abort();
	return 0;
}
