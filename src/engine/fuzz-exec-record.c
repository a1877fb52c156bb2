/*
 * Property of the record of an exec: what is read and written again is read as the same.
 */
#include "engine/exec-record.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(exec_config_release) struct exec_config first = {0};
	CLEANUP(exec_config_release) struct exec_config second = {0};
	auto_str once = {0}, twice = {0};

	if (exec_record_read((const char *)data, size, &first, NULL) < 0)
		return 0;
	exec_record_write(&first, &once);
	if (exec_record_read(once.data, once.len, &second, NULL) < 0)
		abort();
	exec_record_write(&second, &twice);
	if (!STREQ(str_text(&once), str_text(&twice)) || first.command.n == 0)
		abort();
	return 0;
}
