#include "base/mem.h"
#include "base/test.h"
#include "codec/tar-write.h"

#include <string.h>

/* Writes the entry with @data, reads it back and compares. */
static void check(const struct tar_entry *entry, const char *data)
{
	auto_tar_reader *reader = tar_reader_new();
	static const char zeros[TAR_BLOCK];
	const struct tar_entry *read = NULL;
	auto_str archive = {0}, content = {0};
	size_t at = 0;
	bool ended = false;

	tar_write_header(entry, &archive);
	if (entry->type == TAR_FILE) {
		str_append_mem(&archive, data, entry->size);
		str_append_mem(&archive, zeros, tar_padding(entry->size));
	}
	tar_write_end(&archive);
	assert_int_equal(archive.len % TAR_BLOCK, 0);
	while (!ended) {
		struct tar_data piece;
		size_t len = archive.len - at;
		int event = tar_reader_push(reader, archive.data + at, &len, &piece);

		at += len;
		assert_true(event >= 0);
		if (event == TAR_EVENT_ENTRY) {
			size_t path_len = strlen(entry->path);

			read = tar_reader_entry(reader);
			assert_int_equal(read->type, entry->type);
			assert_memory_equal(read->path, entry->path, path_len);
			assert_string_equal(read->link, entry->link);
			assert_int_equal(read->mode, entry->mode);
			assert_int_equal(read->uid, entry->uid);
			assert_int_equal(read->gid, entry->gid);
			assert_true(read->mtime == entry->mtime);
			assert_true(read->size == (entry->type == TAR_FILE ? entry->size : 0));
			assert_int_equal(read->xattr_count, entry->xattr_count);
			for (size_t i = 0; i < entry->xattr_count; i++) {
				assert_string_equal(read->xattrs[i].name, entry->xattrs[i].name);
				assert_int_equal(read->xattrs[i].value_len,
						 entry->xattrs[i].value_len);
				assert_memory_equal(read->xattrs[i].value, entry->xattrs[i].value,
						    entry->xattrs[i].value_len);
			}
		} else if (event == TAR_EVENT_DATA) {
			str_append_mem(&content, piece.data, piece.len);
		} else if (event == TAR_EVENT_END ||
			   (event == TAR_EVENT_MORE && at == archive.len)) {
			ended = true;
		}
	}
	assert_non_null(read);
	assert_int_equal(tar_reader_finish(reader), 0);
	if (entry->type == TAR_FILE && entry->size > 0)
		assert_memory_equal(content.data, data, entry->size);
}

TEST(what_is_written_is_read_back)
{
	const struct tar_xattr xattr = {"security.capability", "\0\n=x", 4};
	char name[3000], link[200];
	const struct tar_entry entries[] = {
		{.type = TAR_FILE, .path = "a", .link = "", .mode = 0644, .size = 5},
		{.type = TAR_FILE, .path = "empty", .link = "", .mode = 07777},
		{.type = TAR_DIRECTORY,
		 .path = "d",
		 .link = "",
		 .mode = 01777,
		 .uid = 1000,
		 .gid = 5},
		{.type = TAR_SYMLINK, .path = "l", .link = "/etc/passwd", .mode = 0777},
		{.type = TAR_SYMLINK, .path = "l", .link = link, .mode = 0777},
		{.type = TAR_HARDLINK, .path = "h", .link = "a", .mode = 0644},
		{.type = TAR_CHARACTER,
		 .path = "null",
		 .link = "",
		 .mode = 0666,
		 .major = 1,
		 .minor = 3},
		{.type = TAR_FIFO, .path = "p", .link = "", .mode = 0600},
		{.type = TAR_FILE, .path = name, .link = "", .mode = 0600, .size = 5, .mtime = -7},
		{.type = TAR_FILE,
		 .path = "big-owner",
		 .link = "",
		 .uid = 4294967294u,
		 .gid = 2097152u,
		 .size = 3,
		 .mtime = INT64_C(1) << 40},
		{.type = TAR_FILE,
		 .path = "x",
		 .link = "",
		 .size = 1,
		 .xattrs = &xattr,
		 .xattr_count = 1},
	};

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 50; i < sizeof(name); i += 50)
		name[i] = '/';
	memset(link, 'k', sizeof(link) - 1);
	link[sizeof(link) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		check(&entries[i], "hello");
}

/* The digits of a record's length count themselves: around powers of ten they are one more. */
TEST(a_name_of_any_length_is_read_back)
{
	for (size_t len = 1; len < 1100; len++) {
		auto_free char *name = mem_alloc(len + 1);
		struct tar_entry entry = {.type = TAR_FILE, .link = "", .mode = 0600};

		memset(name, 'x', len);
		for (size_t i = 200; i < len - 1; i += 200)
			name[i] = '/';
		name[len] = '\0';
		entry.path = name;
		check(&entry, "");
	}
}
