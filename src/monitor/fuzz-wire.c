/*
 * Properties of the frame reader: however the bytes are cut, the pieces say the same; no piece
 * reaches beyond the bytes given or breaks a promise of the header; what is refused stays refused.
 */
#include "base/str.h"
#include "monitor/wire-reader.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct wire_piece *piece, const char *from, const char *to)
{
	bool input = piece->type == WIRE_INPUT;

	if (piece->len > 0 && (!input || piece->data < from || piece->data + piece->len > to))
		abort();
	if ((piece->type == WIRE_ATTACH) != (piece->mask != 0) || piece->mask > 15)
		abort();
	if (piece->type < WIRE_COMMIT || piece->type > WIRE_RESUME)
		abort();
}

/* Everything that was understood, as text, with the input in one piece however it came. */
static int describe(const char *data, size_t size, size_t step, struct str *out)
{
	struct wire_reader reader = {0};
	struct wire_piece piece;
	int r = 0;

	for (size_t at = 0; at < size && r >= 0; at += step) {
		const char *next = data + at;
		size_t len = MIN(step, size - at);
		const char *end = next + len;

		while ((r = wire_reader_next(&reader, &next, &len, &piece)) == 1) {
			check(&piece, data, end);
			if (next + len != end)
				abort();
			if (piece.type == WIRE_INPUT && piece.len > 0)
				str_append_mem(out, piece.data, piece.len);
			else
				str_append_format(out, "<%d %d %u %u>", (int)piece.type, piece.mask,
						  piece.size.rows, piece.size.columns);
		}
		if (r == 0 && len != 0)
			abort();
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_str whole = {0}, cut = {0};
	const char *bytes = (const char *)data + 1;
	size_t step;
	int a, b;

	if (size < 2)
		return 0;
	step = data[0] % 64 + 1;
	a = describe(bytes, size - 1, size - 1, &whole);
	b = describe(bytes, size - 1, step, &cut);
	if (a != b || whole.len != cut.len || !STREQ(str_text(&whole), str_text(&cut)))
		abort();
	return 0;
}
