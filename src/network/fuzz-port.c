/* Property: what is accepted names real ports, at most so many, and a refusal adds nothing. */
#include "base/mem.h"
#include "network/network.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_free struct port_mapping *list = NULL;
	auto_error err = {0};
	size_t count = 0;
	int r = port_parse(text, &list, &count, &err);

	if ((r < 0) != (err.kind != ERROR_NONE) || (r < 0) != (count == 0) || count > PORTS_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (list[i].container_port == 0 ||
		    (list[i].protocol != IPPROTO_TCP && list[i].protocol != IPPROTO_UDP) ||
		    (list[i].host_port_last && list[i].host_port_last <= list[i].host_port))
			abort();
	}
	return 0;
}
