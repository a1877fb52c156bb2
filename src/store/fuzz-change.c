/* Property: what an accepted instruction leaves is well-formed: pairs have a "=", ports a protocol,
 * the folder is absolute. */
#include "store/change.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_image_config config = {0};

	if (change_apply(text, &config, NULL) < 0)
		return 0;
	for (size_t i = 0; i < config.env.n; i++)
		if (!strchr(config.env.v[i], '='))
			abort();
	for (size_t i = 0; i < config.exposed_ports.n; i++)
		if (!strchr(config.exposed_ports.v[i], '/'))
			abort();
	if (config.working_dir && config.working_dir[0] != '/')
		abort();
	return 0;
}
