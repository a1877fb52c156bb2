#include "codec/tar-write.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Of one octal field with its terminator. */
#define NUMBER_MAX_7  UINT64_C(07777777)
#define NUMBER_MAX_11 UINT64_C(077777777777)
#define PAX_NAME      "././@PaxHeader"

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
	char rest[12];
};

_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

static char type_flag(enum tar_type type)
{
	static const char flags[] = {
		[TAR_FILE] = '0',      [TAR_HARDLINK] = '1',	 [TAR_SYMLINK] = '2',
		[TAR_CHARACTER] = '3', [TAR_BLOCK_DEVICE] = '4', [TAR_DIRECTORY] = '5',
		[TAR_FIFO] = '6',
	};

	return flags[type];
}

/* @digits octal digits; the field has room for a NUL behind. */
static void put_octal(char *field, int digits, uint64_t value)
{
	for (int i = digits - 1; i >= 0; i--, value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

/* What does not fit is in the extended header, and its field is of no meaning. */
static void put_bounded(char *field, int digits, uint64_t value, uint64_t max)
{
	put_octal(field, digits, value > max ? 0 : value);
}

static void put_text(char *field, size_t size, const char *text)
{
	size_t len = strnlen(text, size);

	(void)memcpy(field, text, len);
}

static void append_block(struct ustar *header, struct str *out)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	(void)memcpy(header->magic, "ustar", 6);
	(void)memcpy(header->version, "00", 2);
	(void)memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	put_octal(header->checksum, 6, sum);
	header->checksum[6] = '\0';
	str_append_mem(out, header, sizeof(*header));
}

static size_t digits_of(size_t number)
{
	size_t digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* "<length> <key>=<value>\n", the length being that of all of it. */
static void pax_record(struct str *out, const char *key, const char *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + digits_of(rest);

	total = rest + digits_of(total);
	str_append_format(out, "%zu %s=", total, key);
	str_append_mem(out, value, len);
	str_append_char(out, '\n');
}

static void pax_number(struct str *out, const char *key, uint64_t value, uint64_t max)
{
	char text[24];
	int n;

	if (value <= max)
		return;
	n = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	pax_record(out, key, text, (size_t)n);
}

static void pax_time(struct str *out, int64_t time)
{
	char text[24];
	int n;

	if (time >= 0 && (uint64_t)time <= NUMBER_MAX_11)
		return;
	n = snprintf(text, sizeof(text), "%lld", (long long)time);
	pax_record(out, "mtime", text, (size_t)n);
}

static void pax_collect(const struct tar_entry *entry, const char *name, struct str *out)
{
	size_t name_len = strlen(name), link_len = strlen(entry->link);

	if (name_len > sizeof(((struct ustar *)NULL)->name))
		pax_record(out, "path", name, name_len);
	if (link_len > sizeof(((struct ustar *)NULL)->link))
		pax_record(out, "linkpath", entry->link, link_len);
	if (entry->type == TAR_FILE)
		pax_number(out, "size", entry->size, NUMBER_MAX_11);
	pax_number(out, "uid", entry->uid, NUMBER_MAX_7);
	pax_number(out, "gid", entry->gid, NUMBER_MAX_7);
	pax_time(out, entry->mtime);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		auto_free char *key = mem_printf("SCHILY.xattr.%s", entry->xattrs[i].name);

		pax_record(out, key, entry->xattrs[i].value, entry->xattrs[i].value_len);
	}
}

static void write_pax(const struct str *records, struct str *out)
{
	static const char zeros[TAR_BLOCK];
	struct ustar header = {.type = 'x'};

	put_text(header.name, sizeof(header.name), PAX_NAME);
	put_octal(header.mode, 7, 0);
	put_octal(header.uid, 7, 0);
	put_octal(header.gid, 7, 0);
	put_octal(header.size, 11, records->len);
	put_octal(header.mtime, 11, 0);
	append_block(&header, out);
	str_append_mem(out, records->data, records->len);
	str_append_mem(out, zeros, tar_padding(records->len));
}

void tar_write_header(const struct tar_entry *entry, struct str *out)
{
	struct ustar header = {.type = type_flag(entry->type)};
	uint64_t size = entry->type == TAR_FILE ? entry->size : 0;
	uint64_t time = entry->mtime < 0 ? 0 : (uint64_t)entry->mtime;
	auto_str name = {0}, records = {0};

	str_append(&name, entry->path);
	if (entry->type == TAR_DIRECTORY && (name.len == 0 || name.data[name.len - 1] != '/'))
		str_append_char(&name, '/');
	pax_collect(entry, str_text(&name), &records);
	if (records.len > 0)
		write_pax(&records, out);
	put_text(header.name, sizeof(header.name), str_text(&name));
	put_text(header.link, sizeof(header.link), entry->link);
	put_octal(header.mode, 7, entry->mode & 07777);
	put_bounded(header.uid, 7, entry->uid, NUMBER_MAX_7);
	put_bounded(header.gid, 7, entry->gid, NUMBER_MAX_7);
	put_bounded(header.size, 11, size, NUMBER_MAX_11);
	put_bounded(header.mtime, 11, time, NUMBER_MAX_11);
	if (entry->type == TAR_CHARACTER || entry->type == TAR_BLOCK_DEVICE) {
		put_bounded(header.major, 7, entry->major, NUMBER_MAX_7);
		put_bounded(header.minor, 7, entry->minor, NUMBER_MAX_7);
	}
	append_block(&header, out);
}

size_t tar_padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

void tar_write_end(struct str *out)
{
	static const char zeros[2 * TAR_BLOCK];

	str_append_mem(out, zeros, sizeof(zeros));
}
