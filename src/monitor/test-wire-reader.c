#include "monitor/wire-reader.h"

#include "base/test.h"

#include <errno.h>
#include <string.h>

static size_t put(char *to, uint32_t type, const void *body, uint32_t len)
{
	struct wire_header header = {.type = type, .length = len};

	memcpy(to, &header, sizeof(header));
	if (len)
		memcpy(to + sizeof(header), body, len);
	return sizeof(header) + len;
}

TEST(frames_are_found_one_byte_at_a_time)
{
	struct wire_reader reader = {0};
	struct wire_piece piece;
	char bytes[64], input[8];
	size_t n = 0, got = 0;
	enum wire_type types[8];
	unsigned count = 0;

	n += put(bytes + n, WIRE_ATTACH, "\x03", 1);
	n += put(bytes + n, WIRE_COMMIT, NULL, 0);
	n += put(bytes + n, WIRE_INPUT, "abc", 3);
	n += put(bytes + n, WIRE_INPUT, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		const char *data = bytes + i;
		size_t len = 1;

		while (wire_reader_next(&reader, &data, &len, &piece) == 1) {
			if (piece.type == WIRE_INPUT && piece.len > 0) {
				memcpy(input + got, piece.data, piece.len);
				got += piece.len;
				continue;
			}
			types[count++] = piece.type;
			if (piece.type == WIRE_ATTACH)
				assert_int_equal(piece.mask, WIRE_STDIN | WIRE_STDOUT);
		}
		assert_int_equal(len, 0);
	}
	assert_int_equal(got, 3);
	assert_memory_equal(input, "abc", 3);
	assert_int_equal(count, 3);
	assert_int_equal(types[0], WIRE_ATTACH);
	assert_int_equal(types[1], WIRE_COMMIT);
	assert_int_equal(types[2], WIRE_INPUT);
}

TEST(input_is_handed_on_before_its_frame_is_complete)
{
	struct wire_reader reader = {0};
	struct wire_piece piece;
	char bytes[16];
	const char *data = bytes;
	size_t len;

	(void)put(bytes, WIRE_INPUT, "12345678", 8);
	len = 12;
	assert_int_equal(wire_reader_next(&reader, &data, &len, &piece), 1);
	assert_int_equal(piece.len, 4);
	assert_int_equal(wire_reader_next(&reader, &data, &len, &piece), 0);
	len = 4;
	assert_int_equal(wire_reader_next(&reader, &data, &len, &piece), 1);
	assert_memory_equal(piece.data, "5678", 4);
}

TEST(what_a_client_may_not_say_is_refused)
{
	static const struct {
		struct wire_header header;
		char body;
	} rows[] = {
		{{0, 0}, 0},
		{{WIRE_STARTED, 24}, 0},
		{{WIRE_FAILED, 0}, 0},
		{{WIRE_OUTPUT, 1}, 0},
		{{WIRE_EXITED, 16}, 0},
		{{WIRE_COMMIT, 1}, 0},
		{{WIRE_WAIT, UINT32_MAX}, 0},
		{{WIRE_CLEANING, 1}, 0},
		{{WIRE_ATTACH, 0}, 0},
		{{WIRE_ATTACH, 2}, 1},
		{{WIRE_ATTACH, 1}, 0},
		{{WIRE_ATTACH, 1}, 8},
		{{WIRE_INPUT, WIRE_LENGTH_MAX + 1}, 0},
		{{21, 0}, 0},
		{{UINT32_MAX, UINT32_MAX}, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wire_reader reader = {0};
		struct wire_piece piece;
		const char *data = (const char *)&rows[i];
		size_t len = sizeof(struct wire_header) + 1;

		assert_int_equal(wire_reader_next(&reader, &data, &len, &piece), -EBADMSG);
	}
}
