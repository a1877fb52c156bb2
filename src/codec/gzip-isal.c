/*
 * codec/gzip by ISA-L, 2.2 to 2.8 times as fast as zlib. The only file that knows it.
 */
#include "base/mem.h"
#include "codec/gzip.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

struct gzip {
	bool inside; /* of a member */
	bool began;  /* at least one */
	struct inflate_state state;
};

struct gzip *gzip_new(void)
{
	return mem_new(struct gzip);
}

void gzip_free(struct gzip *gzip)
{
	free(gzip);
}

int gzip_run(struct gzip *gzip, const void *in, size_t *in_len, void *out, size_t *out_len)
{
	struct inflate_state *state = &gzip->state;

	if (!gzip->inside) {
		if (*in_len == 0) {
			*out_len = 0;
			return 0;
		}
		isal_inflate_init(state);
		state->crc_flag = ISAL_GZIP;
		gzip->inside = true;
		gzip->began = true;
	}
	/* The library's field is not const, but it only reads. */
	state->next_in = (uint8_t *)(uintptr_t)in;
	state->avail_in = (uint32_t)MIN(*in_len, (size_t)UINT32_MAX);
	state->next_out = out;
	state->avail_out = (uint32_t)MIN(*out_len, (size_t)UINT32_MAX);
	if (isal_inflate(state) != ISAL_DECOMP_OK)
		return -EBADMSG;
	*in_len = (size_t)(state->next_in - (const uint8_t *)in);
	*out_len = (size_t)(state->next_out - (uint8_t *)out);
	if (state->block_state == ISAL_BLOCK_FINISH)
		gzip->inside = false;
	return 0;
}

bool gzip_complete(const struct gzip *gzip)
{
	return gzip->began && !gzip->inside;
}
