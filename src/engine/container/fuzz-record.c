/*
 * Records: one that is accepted is written and read again as the same text.
 */
#include "base/str.h"
#include "engine/container/record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_container container = {0}, again = {0};
	auto_str text = {0}, text_again = {0};

	if (container_record_read((const char *)data, size, &container, NULL) < 0)
		return 0;
	container_record_write(&container, &text);
	if (container_record_read(text.data, text.len, &again, NULL) < 0)
		abort();
	container_record_write(&again, &text_again);
	if (strcmp(text.data, text_again.data) != 0)
		abort();
	return 0;
}
