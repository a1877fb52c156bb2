/*
 * A line of the log of events: accepted, it is written so that it is accepted again, the same.
 */
#include "engine/event.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_event event = {0}, again = {0};
	auto_str text = {0}, text_again = {0};

	if (event_parse((const char *)data, size, &event, NULL) < 0)
		return 0;
	event_write(&event, size % 2, &text);
	assert(event_parse(text.data, text.len, &again, NULL) == 0);
	event_write(&again, size % 2, &text_again);
	assert(strcmp(text.data, text_again.data) == 0);
	return 0;
}
