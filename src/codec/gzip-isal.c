/*
 * codec/gzip by ISA-L, 2.2 to 2.8 times as fast as zlib. The only file that knows it.
 */
#include "base/mem.h"
#include "codec/gzip.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

/* The parts of a member's header (RFC 1952, 2.3). The library reads headers too, but differently
 * when they come in pieces. */
enum part {
	PART_FIXED, /* ten bytes: magic, method, flags, time, two hints */
	PART_EXTRA_SIZE,
	PART_EXTRA,
	PART_NAME,
	PART_COMMENT,
	PART_CHECKSUM,
	PART_DATA,
};

#define FLAG_CHECKSUM 0x02
#define FLAG_EXTRA    0x04
#define FLAG_NAME     0x08
#define FLAG_COMMENT  0x10
#define FLAG_RESERVED 0xe0

struct gzip {
	bool inside; /* of a member */
	bool began;  /* at least one */
	enum part part;
	unsigned at; /* bytes of the part that were read */
	unsigned char flags;
	unsigned extra; /* bytes */
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

static void next_part(struct gzip *gzip)
{
	static const struct {
		enum part part;
		unsigned char flag;
	} order[] = {
		{PART_EXTRA_SIZE, FLAG_EXTRA},	{PART_EXTRA, FLAG_EXTRA},
		{PART_NAME, FLAG_NAME},		{PART_COMMENT, FLAG_COMMENT},
		{PART_CHECKSUM, FLAG_CHECKSUM},
	};

	gzip->at = 0;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (order[i].part <= gzip->part || !(gzip->flags & order[i].flag) ||
		    (order[i].part == PART_EXTRA && gzip->extra == 0))
			continue;
		gzip->part = order[i].part;
		return;
	}
	gzip->part = PART_DATA;
}

/* One byte of the ten. Returns false if it cannot be what is there. */
static bool fixed_byte(struct gzip *gzip, unsigned char byte)
{
	static const unsigned char magic[] = {0x1f, 0x8b, 8};

	if (gzip->at < sizeof(magic))
		return byte == magic[gzip->at];
	if (gzip->at == sizeof(magic)) {
		gzip->flags = byte;
		return !(byte & FLAG_RESERVED);
	}
	return true;
}

static int header_byte(struct gzip *gzip, unsigned char byte)
{
	bool ended = false;

	switch (gzip->part) {
	case PART_FIXED:
		if (!fixed_byte(gzip, byte))
			return -EBADMSG;
		ended = gzip->at == 9;
		break;
	case PART_EXTRA_SIZE:
		gzip->extra |= (unsigned)byte << (8 * gzip->at);
		ended = gzip->at == 1;
		break;
	case PART_EXTRA:
		ended = gzip->at + 1 == gzip->extra;
		break;
	case PART_NAME:
	case PART_COMMENT:
		ended = byte == 0;
		break;
	case PART_CHECKSUM:
		ended = gzip->at == 1;
		break;
	case PART_DATA:
		return -EBADMSG;
	}
	gzip->at++;
	if (ended)
		next_part(gzip);
	return 0;
}

static void begin_member(struct gzip *gzip)
{
	gzip->inside = gzip->began = true;
	gzip->part = PART_FIXED;
	gzip->at = gzip->extra = 0;
	isal_inflate_init(&gzip->state);
	gzip->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
}

int gzip_run(struct gzip *gzip, const void *in, size_t *in_len, void *out, size_t *out_len)
{
	struct inflate_state *state = &gzip->state;
	const unsigned char *bytes = in;
	size_t used = 0;

	if (!gzip->inside && *in_len > 0)
		begin_member(gzip);
	for (; gzip->inside && gzip->part != PART_DATA && used < *in_len; used++)
		if (header_byte(gzip, bytes[used]) < 0)
			return -EBADMSG;
	if (!gzip->inside || gzip->part != PART_DATA) {
		*in_len = used;
		*out_len = 0;
		return 0;
	}
	/* The library's field is not const, but it only reads. */
	state->next_in = (uint8_t *)(uintptr_t)(bytes + used);
	state->avail_in = (uint32_t)MIN(*in_len - used, (size_t)UINT32_MAX);
	state->next_out = out;
	state->avail_out = (uint32_t)MIN(*out_len, (size_t)UINT32_MAX);
	if (isal_inflate(state) != ISAL_DECOMP_OK)
		return -EBADMSG;
	*in_len = (size_t)(state->next_in - bytes);
	*out_len = (size_t)(state->next_out - (uint8_t *)out);
	if (state->block_state == ISAL_BLOCK_FINISH)
		gzip->inside = false;
	return 0;
}

bool gzip_complete(const struct gzip *gzip)
{
	return gzip->began && !gzip->inside;
}
