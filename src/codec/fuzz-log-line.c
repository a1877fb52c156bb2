/* Property: the text of a line, quoted and parsed again, is the same text (where it is UTF-8). */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "codec/log-line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const char *text, size_t len, struct str *out)
{
	str_append(out, "{\"log\":");
	json_quote(out, text, len);
	str_append(out, "}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *input = mem_copy(data, size + (size == 0));
	auto_free char *first_text = NULL;
	auto_str first = {0}, second = {0};
	struct log_line line;
	size_t len;

	if (log_line_parse(input, size, &line) < 0)
		return 0;
	if (line.text < input || line.text + line.len > input + size)
		abort();
	/* Once through the writer, all bytes are UTF-8; from then on nothing may change. */
	write_again(line.text, line.len, &first);
	if (log_line_parse(first.data, first.len, &line) < 0)
		abort();
	first_text = mem_copy(line.text, line.len + 1);
	len = line.len;
	write_again(first_text, len, &second);
	if (log_line_parse(second.data, second.len, &line) < 0 || line.len != len ||
	    memcmp(line.text, first_text, len) != 0)
		abort();
	return 0;
}
