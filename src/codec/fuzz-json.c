/* Property: what is accepted is still the same document after it was written and read again. */
#include "base/mem.h"
#include "codec/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *input = mem_strndup((const char *)data, size);
	auto_free char *first = NULL, *second = NULL;
	auto_json *json = NULL, *again = NULL;

	if (json_parse(input, size, &json, NULL) < 0)
		return 0;
	first = json_text(json);
	if (json_parse(first, strlen(first), &again, NULL) < 0)
		abort();
	second = json_text(again);
	if (strcmp(first, second) != 0)
		abort();
	return 0;
}
