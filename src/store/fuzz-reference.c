/*
 * Properties: an accepted reference is the same after it was written and read again, in both forms;
 * its file name is one component that cannot be mistaken for another's.
 */
#include "store/reference.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_same(const char *text, const char *full)
{
	auto_free char *again = NULL;
	auto_reference ref = {0};

	if (reference_parse(text, &ref, NULL) < 0)
		abort();
	again = reference_full(&ref);
	if (strcmp(again, full) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_free char *full = NULL, *familiar = NULL, *file = NULL;
	auto_reference ref = {0};

	if (reference_parse(text, &ref, NULL) < 0)
		return 0;
	full = reference_full(&ref);
	familiar = reference_familiar(&ref);
	file = reference_escape(&ref);
	must_be_same(full, full);
	must_be_same(familiar, full);
	if (strchr(file, '/') || file[0] == '.' || strlen(file) > 240 || strchr(full, '+'))
		abort();
	return 0;
}
