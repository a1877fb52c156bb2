/*
 * Property: whatever the name in the archive, what comes out is refused or is a path that the other
 * end accepts; cleaning it again changes nothing.
 */
#include "store/layer-wire.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *name = mem_strndup((const char *)data, size);
	char path[LAYER_PATH_MAX + 1], again[LAYER_PATH_MAX + 1];
	const char *why = NULL;

	if (layer_path_clean(name, path, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	if (path[0] && !layer_path_valid(path, strlen(path)))
		abort();
	if (layer_path_clean(path, again, &why) < 0 || strcmp(path, again) != 0)
		abort();
	return 0;
}
