/*
 * Properties: however the input is cut, the same comes out; each call stays inside its buffers and
 * makes progress or asks for more.
 */
#include "codec/decompress.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct made {
	uint64_t hash;
	int result;
	bool complete, capped;
};

static struct made run(const uint8_t *data, size_t size, size_t step, size_t room)
{
	auto_decompress *d = decompress_new(compression_sniff(data, size));
	auto_free unsigned char *out = mem_alloc(room);
	struct made made = {0};
	size_t at = 0, total = 0, got = 0;

	while ((at < size || got > 0) && made.result == 0 && total < OUT_MAX) {
		size_t used = MIN(step, size - at);

		got = room;
		made.result = decompress_run(d, data + at, &used, out, &got);
		if (made.result < 0)
			break;
		if (used > size - at || got > room)
			abort();
		for (size_t i = 0; i < got; i++)
			made.hash = (made.hash ^ out[i]) * UINT64_C(1099511628211);
		if (used == 0 && got == 0 && at < size)
			made.result = -1;
		at += used;
		total += got;
	}
	made.complete = decompress_complete(d);
	made.capped = total >= OUT_MAX;
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct made whole = run(data, size, size ? size : 1, 65536);
	struct made parts = run(data, size, 7, 513);

	if (whole.capped || parts.capped)
		return 0;
	if ((whole.result < 0) != (parts.result < 0))
		abort();
	if (whole.result == 0 && (whole.hash != parts.hash || whole.complete != parts.complete))
		abort();
	return 0;
}
