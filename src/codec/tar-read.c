/*
 * Theory of operation: one handler per state; a handler takes bytes, and either says which event
 * came out, or CONTINUE with the state (or the input) moved on. Metadata (pax headers, long names)
 * is gathered in strings that live until the entry they belong to has ended; names, values and
 * xattrs of the entry point into them.
 */
#include "codec/tar-read.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/tar-pax.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CONTINUE (-1000) /* of a handler: no event yet */

/* POSIX.1-2001, "ustar Interchange Format", and GNU tar's tar.h. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100], magic[8], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a tar header is one block");

#define GNU_SPARSE_OFFSET   386
#define GNU_SPARSE_COUNT    4
#define GNU_EXTENDED_OFFSET 482
#define GNU_REALSIZE_OFFSET 483
#define EXT_SPARSE_COUNT    21
#define EXT_EXTENDED_OFFSET 504

enum state {
	STATE_HEADER,
	STATE_META,	    /* the bytes of a pax header or long name */
	STATE_SPARSE_BLOCK, /* a block that continues the map of an old GNU sparse file */
	STATE_SPARSE_MAP,   /* a map before the data: GNU.sparse 1.0 */
	STATE_ENTRY,	    /* complete, not yet announced */
	STATE_DATA,
	STATE_SKIP, /* padding, or what nobody wants */
	STATE_END,
	STATE_FAILED,
};

struct tar_reader {
	enum state state;
	unsigned char block[TAR_BLOCK];
	size_t fill;
	bool seen;	 /* at least one header or zero block */
	bool zero_block; /* the last block was zero */

	struct str *meta; /* what STATE_META fills; NULL: skip it */
	uint64_t meta_left, skip;
	struct str pax, long_path, long_link;
	bool have_pax, have_path, have_link;

	struct tar_entry entry;
	struct tar_pax_values values;
	struct str path, link;
	uint64_t stored; /* bytes of data in the archive not yet delivered */
	uint64_t padding;
	size_t segment;	      /* the one being delivered */
	uint64_t segment_pos; /* bytes of it delivered */
	uint64_t file_pos;    /* of a file without segments */
	/* STATE_SPARSE_MAP */
	uint64_t map_number, map_count, map_read;
	bool map_digit;
	const char *why;
};

struct tar_reader *tar_reader_new(void)
{
	return mem_new(struct tar_reader);
}

void tar_reader_free(struct tar_reader *reader)
{
	if (!reader)
		return;
	str_release(&reader->pax);
	str_release(&reader->long_path);
	str_release(&reader->long_link);
	str_release(&reader->path);
	str_release(&reader->link);
	tar_pax_release(&reader->values);
	free(reader);
}

void tar_reader_freep(struct tar_reader **reader)
{
	tar_reader_free(*reader);
	*reader = NULL;
}

const struct tar_entry *tar_reader_entry(const struct tar_reader *reader)
{
	return &reader->entry;
}

const char *tar_reader_why(const struct tar_reader *reader)
{
	return reader->why ? reader->why : "it is damaged";
}

static int fail(struct tar_reader *reader, int error, const char *why)
{
	reader->state = STATE_FAILED;
	if (!reader->why)
		reader->why = why;
	return error;
}

/* Octal digits between blanks, or GNU's base 256 where the first bit is set. */
static int parse_number(const char *field, size_t len, int64_t *ret)
{
	const unsigned char *p = (const unsigned char *)field;
	size_t i = 0;
	uint64_t value;

	if (p[0] & 0x80) {
		bool negative = p[0] & 0x40;

		value = negative ? UINT64_MAX : 0;
		for (i = 0; i < len; i++) {
			unsigned char byte = i == 0 ? (p[0] & 0x7f) | (negative ? 0x80 : 0) : p[i];

			if (value >> 55 != (negative ? 0x1ff : 0))
				return -ERANGE;
			value = (value << 8) | byte;
		}
		*ret = (int64_t)value;
		return 0;
	}
	while (i < len && p[i] == ' ')
		i++;
	for (value = 0; i < len && p[i] >= '0' && p[i] <= '7'; i++) {
		if (value >> 60)
			return -ERANGE;
		value = value * 8 + (unsigned)(p[i] - '0');
	}
	for (; i < len; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return -EINVAL;
	*ret = (int64_t)value;
	return 0;
}

static int parse_unsigned(const char *field, size_t len, uint64_t max, uint64_t *ret)
{
	int64_t value;

	if (parse_number(field, len, &value) < 0 || value < 0 || (uint64_t)value > max)
		return -ERANGE;
	*ret = (uint64_t)value;
	return 0;
}

/* Old tars summed signed characters; both sums are accepted everywhere. */
static bool checksum_matches(const unsigned char *block)
{
	const struct header *header = (const struct header *)block;
	size_t from = offsetof(struct header, checksum);
	int64_t sum = 0, signed_sum = 0, said;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool blank = i >= from && i < from + sizeof(header->checksum);
		unsigned char byte = blank ? ' ' : block[i];

		sum += byte;
		signed_sum += (signed char)byte;
	}
	if (parse_number(header->checksum, sizeof(header->checksum), &said) < 0)
		return false;
	return said == sum || said == signed_sum;
}

static bool is_zero(const unsigned char *block)
{
	static const unsigned char zero[TAR_BLOCK];

	return memcmp(block, zero, TAR_BLOCK) == 0;
}

static uint64_t padding_of(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

/* Gathers one block from the input. True once it is whole. */
static bool take_block(struct tar_reader *reader, const unsigned char *in, size_t len, size_t *used)
{
	size_t n = MIN(len, TAR_BLOCK - reader->fill);

	(void)memcpy(reader->block + reader->fill, in, n);
	*used += n;
	reader->fill += n;
	if (reader->fill < TAR_BLOCK)
		return false;
	reader->fill = 0;
	return true;
}

static void append_field(struct str *str, const char *field, size_t size)
{
	str_append_mem(str, field, strnlen(field, size));
}

static void set_names(struct tar_reader *reader, const struct header *header)
{
	const struct tar_pax_values *pax = &reader->values;
	bool ustar = memcmp(header->magic, "ustar\0", 6) == 0;

	str_clear(&reader->path);
	str_clear(&reader->link);
	if (reader->have_path) {
		str_append(&reader->path, str_text(&reader->long_path));
	} else {
		if (ustar && header->prefix[0]) {
			append_field(&reader->path, header->prefix, sizeof(header->prefix));
			str_append_char(&reader->path, '/');
		}
		append_field(&reader->path, header->name, sizeof(header->name));
	}
	if (reader->have_link)
		str_append(&reader->link, str_text(&reader->long_link));
	else
		append_field(&reader->link, header->link, sizeof(header->link));
	reader->entry.path = pax->sparse_name ? pax->sparse_name
			     : pax->path      ? pax->path
					      : str_text(&reader->path);
	reader->entry.link = pax->link ? pax->link : str_text(&reader->link);
}

static int set_type(struct tar_reader *reader, char type)
{
	struct tar_entry *entry = &reader->entry;
	size_t len;

	switch (type) {
	case '0':
	case '\0':
	case '7':
	case 'S':
		/* Before there were directories in tar, a slash at the end said it. */
		len = strlen(entry->path);
		entry->type = len > 0 && entry->path[len - 1] == '/' && type != 'S' ? TAR_DIRECTORY
										    : TAR_FILE;
		return 0;
	case '1':
		entry->type = TAR_HARDLINK;
		return 0;
	case '2':
		entry->type = TAR_SYMLINK;
		return 0;
	case '3':
		entry->type = TAR_CHARACTER;
		return 0;
	case '4':
		entry->type = TAR_BLOCK_DEVICE;
		return 0;
	case '5':
		entry->type = TAR_DIRECTORY;
		return 0;
	case '6':
		entry->type = TAR_FIFO;
		return 0;
	default:
		return fail(reader, -EOPNOTSUPP, "it is of a type that we do not know");
	}
}

static int set_numbers(struct tar_reader *reader, const struct header *header)
{
	const struct tar_pax_values *pax = &reader->values;
	struct tar_entry *entry = &reader->entry;
	uint64_t mode, uid = pax->uid, gid = pax->gid, major = 0, minor = 0;
	int64_t mtime = pax->mtime;

	/* Writers put type bits and worse above the permission bits. */
	if (parse_unsigned(header->mode, sizeof(header->mode), INT64_MAX, &mode) < 0)
		return fail(reader, -EBADMSG, "its mode is no number");
	if (!pax->has_uid &&
	    parse_unsigned(header->uid, sizeof(header->uid), UINT32_MAX - 1, &uid) < 0)
		return fail(reader, -EBADMSG, "its owner is out of range");
	if (!pax->has_gid &&
	    parse_unsigned(header->gid, sizeof(header->gid), UINT32_MAX - 1, &gid) < 0)
		return fail(reader, -EBADMSG, "its group is out of range");
	if (!pax->has_mtime && parse_number(header->mtime, sizeof(header->mtime), &mtime) < 0)
		return fail(reader, -EBADMSG, "its time is no number");
	if (entry->type == TAR_CHARACTER || entry->type == TAR_BLOCK_DEVICE) {
		if (parse_unsigned(header->major, sizeof(header->major), 0xfff, &major) < 0 ||
		    parse_unsigned(header->minor, sizeof(header->minor), 0xfffff, &minor) < 0)
			return fail(reader, -EBADMSG, "its device number is out of range");
	}
	entry->mode = mode & 07777;
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	entry->mtime = mtime;
	entry->mtime_ns = pax->has_mtime ? pax->mtime_ns : 0;
	entry->major = (uint32_t)major;
	entry->minor = (uint32_t)minor;
	return 0;
}

static int add_gnu_segment(struct tar_reader *reader, const char *field)
{
	uint64_t offset, len;

	if (field[0] == '\0') /* an unused place */
		return 0;
	if (parse_unsigned(field, 12, INT64_MAX, &offset) < 0 ||
	    parse_unsigned(field + 12, 12, INT64_MAX, &len) < 0)
		return fail(reader, -EBADMSG, "its map of holes is damaged");
	if (tar_pax_add_segment(&reader->values, offset, len) < 0)
		return fail(reader, -E2BIG, "it has too many holes");
	return 0;
}

/* The pieces must follow one another inside the file and be what is stored. */
static int check_segments(struct tar_reader *reader)
{
	const struct tar_pax_values *pax = &reader->values;
	uint64_t end = 0, sum = 0;

	for (size_t i = 0; i < pax->segment_count; i++) {
		const struct tar_segment *segment = &pax->segments[i];

		if (segment->offset < end || segment->offset > reader->entry.size ||
		    segment->len > reader->entry.size - segment->offset)
			return fail(reader, -EBADMSG, "its map of holes is damaged");
		end = segment->offset + segment->len;
		sum += segment->len;
	}
	if (sum != reader->stored)
		return fail(reader, -EBADMSG, "its map of holes does not match its size");
	return 0;
}

static int begin_gnu_sparse(struct tar_reader *reader)
{
	const char *block = (const char *)reader->block;
	int r;

	if (parse_unsigned(block + GNU_REALSIZE_OFFSET, 12, INT64_MAX, &reader->entry.size) < 0)
		return fail(reader, -EBADMSG, "its size is out of range");
	tar_pax_sparse_begin(&reader->values);
	for (size_t i = 0; i < GNU_SPARSE_COUNT; i++) {
		r = add_gnu_segment(reader, block + GNU_SPARSE_OFFSET + 24 * i);
		if (r < 0)
			return r;
	}
	if (block[GNU_EXTENDED_OFFSET]) {
		reader->state = STATE_SPARSE_BLOCK;
		return CONTINUE;
	}
	return check_segments(reader);
}

static int begin_pax_sparse(struct tar_reader *reader)
{
	const struct tar_pax_values *pax = &reader->values;

	if (!pax->has_real_size)
		return fail(reader, -EBADMSG, "its map of holes comes without a size");
	reader->entry.size = pax->real_size;
	if (pax->map_in_data) {
		reader->map_number = reader->map_count = reader->map_read = 0;
		reader->map_digit = false;
		reader->state = STATE_SPARSE_MAP;
		return CONTINUE;
	}
	return check_segments(reader);
}

static int begin_entry(struct tar_reader *reader)
{
	const struct header *header = (const struct header *)reader->block;
	struct tar_pax_values *pax = &reader->values;
	struct tar_entry *entry = &reader->entry;
	uint64_t size;
	int r;

	*entry = (struct tar_entry) {0};
	set_names(reader, header);
	r = set_type(reader, header->type);
	if (r < 0)
		return r;
	r = set_numbers(reader, header);
	if (r < 0)
		return r;
	if (pax->has_size)
		size = pax->size;
	else if (parse_unsigned(header->size, sizeof(header->size), INT64_MAX, &size) < 0)
		return fail(reader, -EBADMSG, "its size is out of range");
	if (entry->type != TAR_HARDLINK && entry->type != TAR_SYMLINK)
		entry->link = "";
	entry->xattrs = pax->xattrs;
	entry->xattr_count = pax->xattr_count;
	reader->segment = 0;
	reader->segment_pos = reader->file_pos = 0;
	reader->stored = entry->type == TAR_FILE ? size : 0;
	reader->padding = padding_of(reader->stored);
	/* A directory of before there were any may still claim data. */
	if (entry->type == TAR_DIRECTORY && header->type != '5')
		reader->padding = size + padding_of(size);
	reader->state = STATE_ENTRY;
	if (entry->type != TAR_FILE) {
		pax->sparse = false;
		return CONTINUE;
	}
	entry->size = size;
	r = header->type == 'S' ? begin_gnu_sparse(reader)
	    : pax->sparse	? begin_pax_sparse(reader)
				: CONTINUE;
	return r < 0 ? r : CONTINUE;
}

static int begin_meta(struct tar_reader *reader, struct str *into, bool *have)
{
	const struct header *header = (const struct header *)reader->block;
	uint64_t size;

	if (parse_unsigned(header->size, sizeof(header->size), INT64_MAX, &size) < 0)
		return fail(reader, -EBADMSG, "the size of its extended header is out of range");
	if (size > TAR_META_MAX)
		return fail(reader, -E2BIG, "its extended header is larger than 1 MiB");
	if (into) {
		str_clear(into);
		*have = true;
	}
	reader->meta = into;
	reader->meta_left = size;
	reader->padding = padding_of(size);
	reader->state = STATE_META;
	return CONTINUE;
}

static int on_header(struct tar_reader *reader, const unsigned char *in, size_t len, size_t *used)
{
	if (!take_block(reader, in, len, used))
		return TAR_EVENT_MORE;
	reader->seen = true;
	if (is_zero(reader->block)) {
		if (reader->zero_block)
			reader->state = STATE_END;
		reader->zero_block = true;
		return CONTINUE;
	}
	if (reader->zero_block)
		return fail(reader, -EBADMSG, "there is a header behind the end of the archive");
	if (!checksum_matches(reader->block))
		return fail(reader, -EBADMSG, "its header has a wrong checksum");
	switch (((const struct header *)reader->block)->type) {
	case 'x':
	case 'X':
		return begin_meta(reader, &reader->pax, &reader->have_pax);
	case 'g':
		return begin_meta(reader, NULL, NULL);
	case 'L':
		return begin_meta(reader, &reader->long_path, &reader->have_path);
	case 'K':
		return begin_meta(reader, &reader->long_link, &reader->have_link);
	default:
		return begin_entry(reader);
	}
}

static int on_meta(struct tar_reader *reader, const unsigned char *in, size_t len, size_t *used)
{
	size_t n = (size_t)MIN((uint64_t)len, reader->meta_left);

	if (reader->meta)
		str_append_mem(reader->meta, in, n);
	*used += n;
	reader->meta_left -= n;
	if (reader->meta_left > 0)
		return TAR_EVENT_MORE;
	if (reader->meta == &reader->pax &&
	    tar_pax_parse(&reader->values, reader->pax.data, reader->pax.len, &reader->why) < 0)
		return fail(reader, -EBADMSG, "its extended header is damaged");
	reader->skip = reader->padding;
	reader->state = STATE_SKIP;
	return CONTINUE;
}

static int on_sparse_block(struct tar_reader *reader, const unsigned char *in, size_t len,
			   size_t *used)
{
	int r;

	if (!take_block(reader, in, len, used))
		return TAR_EVENT_MORE;
	for (size_t i = 0; i < EXT_SPARSE_COUNT; i++) {
		r = add_gnu_segment(reader, (const char *)reader->block + 24 * i);
		if (r < 0)
			return r;
	}
	if (reader->block[EXT_EXTENDED_OFFSET])
		return CONTINUE;
	r = check_segments(reader);
	if (r < 0)
		return r;
	reader->state = STATE_ENTRY;
	return CONTINUE;
}

/* A line of the map: how many segments, then offset and length of each. */
static int map_line(struct tar_reader *reader)
{
	uint64_t number = reader->map_number;

	if (!reader->map_digit)
		return fail(reader, -EBADMSG, "its map of holes is damaged");
	if (reader->map_read == 0) {
		if (number > TAR_SPARSE_MAX)
			return fail(reader, -E2BIG, "it has too many holes");
		reader->map_count = number;
	} else if (reader->map_read % 2 == 1) {
		reader->segment_pos = number; /* the offset, until the length is known */
	} else if (tar_pax_add_segment(&reader->values, reader->segment_pos, number) < 0) {
		return fail(reader, -E2BIG, "it has too many holes");
	}
	reader->map_read++;
	reader->map_number = 0;
	reader->map_digit = false;
	return 0;
}

static int map_block(struct tar_reader *reader)
{
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		unsigned char c = reader->block[i];
		int r;

		if (c == '\n') {
			r = map_line(reader);
			if (r < 0)
				return r;
			if (reader->map_read == 1 + 2 * reader->map_count)
				return 1;
			continue;
		}
		if (c < '0' || c > '9' || reader->map_number > (INT64_MAX - 9) / 10)
			return fail(reader, -EBADMSG, "its map of holes is damaged");
		reader->map_number = reader->map_number * 10 + (c - '0');
		reader->map_digit = true;
	}
	return 0;
}

static int on_sparse_map(struct tar_reader *reader, const unsigned char *in, size_t len,
			 size_t *used)
{
	int r;

	if (reader->stored < TAR_BLOCK)
		return fail(reader, -EBADMSG, "its map of holes is cut short");
	if (!take_block(reader, in, len, used))
		return TAR_EVENT_MORE;
	reader->stored -= TAR_BLOCK;
	r = map_block(reader);
	if (r < 0)
		return r;
	if (r == 0)
		return CONTINUE;
	reader->segment_pos = 0;
	r = check_segments(reader);
	if (r < 0)
		return r;
	reader->state = STATE_ENTRY;
	return CONTINUE;
}

static int on_data(struct tar_reader *reader, const unsigned char *in, size_t len, size_t *used,
		   struct tar_data *data)
{
	const struct tar_pax_values *pax = &reader->values;
	uint64_t n;

	if (reader->stored == 0) {
		reader->skip = reader->padding;
		reader->state = STATE_SKIP;
		reader->have_pax = reader->have_path = reader->have_link = false;
		return TAR_EVENT_ENTRY_END;
	}
	if (len == 0)
		return TAR_EVENT_MORE;
	n = MIN((uint64_t)len, reader->stored);
	data->offset = reader->file_pos;
	if (pax->sparse) {
		while (reader->segment_pos == pax->segments[reader->segment].len) {
			reader->segment++;
			reader->segment_pos = 0;
			assert(reader->segment < pax->segment_count);
		}
		n = MIN(n, pax->segments[reader->segment].len - reader->segment_pos);
		data->offset = pax->segments[reader->segment].offset + reader->segment_pos;
		reader->segment_pos += n;
	}
	data->data = in;
	data->len = (size_t)n;
	reader->file_pos += n;
	reader->stored -= n;
	*used += (size_t)n;
	return TAR_EVENT_DATA;
}

static int on_skip(struct tar_reader *reader, size_t len, size_t *used)
{
	size_t n = (size_t)MIN((uint64_t)len, reader->skip);

	*used += n;
	reader->skip -= n;
	if (reader->skip > 0)
		return TAR_EVENT_MORE;
	/* What was gathered belongs to the header that comes next, unless an entry has just ended.
	 */
	if (!reader->have_pax)
		tar_pax_clear(&reader->values);
	reader->state = STATE_HEADER;
	return CONTINUE;
}

static int step(struct tar_reader *reader, const unsigned char *in, size_t len, size_t *used,
		struct tar_data *data)
{
	switch (reader->state) {
	case STATE_HEADER:
		return on_header(reader, in, len, used);
	case STATE_META:
		return on_meta(reader, in, len, used);
	case STATE_SPARSE_BLOCK:
		return on_sparse_block(reader, in, len, used);
	case STATE_SPARSE_MAP:
		return on_sparse_map(reader, in, len, used);
	case STATE_ENTRY:
		reader->state = STATE_DATA;
		return TAR_EVENT_ENTRY;
	case STATE_DATA:
		return on_data(reader, in, len, used, data);
	case STATE_SKIP:
		return on_skip(reader, len, used);
	case STATE_END:
		*used += len;
		return TAR_EVENT_END;
	case STATE_FAILED:
		break;
	}
	return -EBADMSG;
}

int tar_reader_push(struct tar_reader *reader, const void *in, size_t *len, struct tar_data *data)
{
	const unsigned char *bytes = in;
	size_t used = 0;
	int r;

	do
		r = step(reader, bytes + used, *len - used, &used, data);
	while (r == CONTINUE);
	*len = used;
	return r;
}

int tar_reader_finish(struct tar_reader *reader)
{
	if (reader->state == STATE_END)
		return 0;
	/* Between entries an archive may end without its two blocks of zeros. */
	if (reader->state == STATE_HEADER && reader->fill == 0 && reader->seen &&
	    !reader->have_pax && !reader->have_path && !reader->have_link)
		return 0;
	if (!reader->seen)
		return fail(reader, -EBADMSG, "it is empty");
	return fail(reader, -EBADMSG, "it is cut short");
}
