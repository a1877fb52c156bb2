/*
 * Properties of the detach keys: what is accepted has few keys and finds itself; whatever is typed,
 * in whatever pieces, what is passed on is what was typed up to the sequence, less what is held.
 */
#include "base/mem.h"
#include "engine/detach-keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct detach_keys detach, const uint8_t *typed, size_t len, size_t step)
{
	auto_free unsigned char *out = mem_alloc(len + DETACH_KEYS_MAX);
	size_t at = 0, passed = 0;
	bool found = false;

	while (at < len && !found) {
		size_t n = MIN(step, len - at), got;
		auto_free unsigned char *piece = mem_alloc(n + DETACH_KEYS_MAX);

		found = detach_keys_filter(&detach, typed + at, n, piece, &got);
		if (got > n + DETACH_KEYS_MAX || passed + got > len)
			abort();
		memcpy(out + passed, piece, got);
		passed += got;
		at += n;
	}
	if (memcmp(out, typed, passed) != 0 || detach.held > detach.count)
		abort();
	if (!found && passed + detach.held != len)
		abort();
	/* What was held back is a beginning of the sequence, or all of it. */
	if (memcmp(typed + passed, detach.keys, detach.held) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct detach_keys detach;
	const uint8_t *newline = memchr(data, '\n', size);
	auto_free char *text = NULL;
	size_t used;

	if (!newline || newline + 2 > data + size)
		return 0;
	used = (size_t)(newline - data) + 2;
	text = mem_strndup((const char *)data, used - 2);
	if (detach_keys_parse(text, &detach, NULL) < 0)
		return 0;
	if (detach.count > DETACH_KEYS_MAX || detach.held != 0)
		abort();
	check(detach, data + used, size - used, newline[1] % 16 + 1U);
	return 0;
}
