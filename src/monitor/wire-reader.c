#include "monitor/wire-reader.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MASK_ALL (WIRE_STDIN | WIRE_STDOUT | WIRE_STDERR | WIRE_STDIN_ONCE)

/* How many bytes follow the header of a frame that is complete only with them; -EBADMSG. */
static int body_length(const struct wire_header *header)
{
	static const struct {
		uint32_t type, length;
	} bodies[] = {
		{WIRE_LAUNCH, 0},
		{WIRE_COMMIT, 0},
		{WIRE_WAIT, 0},
		{WIRE_CLEANING, 0},
		{WIRE_ATTACH, 1},
		{WIRE_RESIZE, sizeof(struct wire_size)},
		{WIRE_RESUME, sizeof(struct wire_position)},
	};

	if (header->type == WIRE_INPUT)
		return header->length <= WIRE_LENGTH_MAX ? 0 : -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		if (bodies[i].type == header->type && bodies[i].length == header->length)
			return (int)header->length;
	return -EBADMSG;
}

static bool is_mask_good(unsigned char mask)
{
	if (mask & WIRE_STDIN_ONCE && !(mask & WIRE_STDIN))
		return false;
	return mask && !(mask & ~MASK_ALL);
}

static void fill(struct wire_reader *reader, size_t wanted, const char **data, size_t *len)
{
	size_t n = MIN(wanted - reader->have, *len);

	memcpy(reader->head + reader->have, *data, n);
	reader->have += n;
	*data += n;
	*len -= n;
}

static void take_input(struct wire_reader *reader, const char **data, size_t *len,
		       struct wire_piece *ret)
{
	size_t n = MIN((size_t)reader->left, *len);

	*ret = (struct wire_piece) {.type = WIRE_INPUT, .data = *data, .len = n};
	reader->left -= (uint32_t)n;
	*data += n;
	*len -= n;
}

int wire_reader_next(struct wire_reader *reader, const char **data, size_t *len,
		     struct wire_piece *ret)
{
	struct wire_header header;
	int body;

	if (reader->left > 0) {
		if (*len == 0)
			return 0;
		take_input(reader, data, len, ret);
		return 1;
	}
	if (reader->have < sizeof(header))
		fill(reader, sizeof(header), data, len);
	if (reader->have < sizeof(header))
		return 0;
	memcpy(&header, reader->head, sizeof(header));
	body = body_length(&header);
	if (body < 0)
		return body;
	fill(reader, sizeof(header) + (size_t)body, data, len);
	if (reader->have < sizeof(header) + (size_t)body)
		return 0;
	reader->have = 0;
	if (header.type == WIRE_INPUT && header.length > 0) {
		reader->left = header.length;
		return wire_reader_next(reader, data, len, ret);
	}
	*ret = (struct wire_piece) {.type = (enum wire_type)header.type, .data = *data};
	if (header.type == WIRE_RESIZE)
		memcpy(&ret->size, reader->head + sizeof(header), sizeof(ret->size));
	if (header.type == WIRE_RESUME)
		memcpy(&ret->position, reader->head + sizeof(header), sizeof(ret->position));
	if (header.type != WIRE_ATTACH)
		return 1;
	ret->mask = reader->head[sizeof(header)];
	return is_mask_good(ret->mask) ? 1 : -EBADMSG;
}
