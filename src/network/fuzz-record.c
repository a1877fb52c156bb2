/* Property: a record that is read holds no more than its text can say, and only usable values. */
#include "base/mem.h"
#include "network/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_holdings holdings = {0};

	if (holdings_parse(text, &holdings) < 0)
		return 0;
	if (strlen(holdings.network) >= sizeof(holdings.network) ||
	    holdings.address_count + holdings.port_count > size / 8)
		abort();
	for (size_t i = 0; i < holdings.port_count; i++) {
		if (!holdings.ports[i].host_port || !holdings.ports[i].container_port)
			abort();
	}
	return 0;
}
