/*
 * Properties: what the reader says does not depend on how the bytes are cut; an entry's data lie
 * inside its file, rise, and are as many as the archive holds; names end, numbers are in range.
 */
#include "codec/tar-read.h"

#include "base/mem.h"

#include <stdbool.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t hash;
	uint64_t at; /* in the file */
	int result;
};

static void mix(struct seen *seen, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		seen->hash = (seen->hash ^ p[i]) * UINT64_C(1099511628211);
}

static void check_entry(struct seen *seen, const struct tar_entry *entry)
{
	if (entry->mode > 07777 || entry->mtime_ns >= 1000000000 || entry->size > INT64_MAX)
		abort();
	if (entry->type != TAR_FILE && entry->size != 0)
		abort();
	for (size_t i = 0; i < entry->xattr_count; i++) {
		mix(seen, entry->xattrs[i].name, strlen(entry->xattrs[i].name) + 1);
		mix(seen, entry->xattrs[i].value, entry->xattrs[i].value_len);
	}
	mix(seen, entry->path, strlen(entry->path) + 1);
	mix(seen, entry->link, strlen(entry->link) + 1);
	mix(seen, &entry->size, sizeof(entry->size));
	mix(seen, &entry->mtime, sizeof(entry->mtime));
	seen->at = 0;
}

static void check_data(struct seen *seen, const struct tar_entry *entry,
		       const struct tar_data *data)
{
	if (data->offset < seen->at || data->offset > entry->size ||
	    data->len > entry->size - data->offset || data->len == 0)
		abort();
	seen->at = data->offset + data->len;
	mix(seen, data->data, data->len);
}

static struct seen read_in_steps(const uint8_t *data, size_t size, size_t step)
{
	auto_tar_reader *reader = tar_reader_new();
	struct seen seen = {0};
	size_t at = 0, budget = size * 4 + 64;
	bool inside = false;

	for (;;) {
		size_t len = step < size - at ? step : size - at;
		struct tar_data piece = {0};
		int event;

		if (budget-- == 0)
			abort(); /* it makes no progress */
		event = tar_reader_push(reader, data + at, &len, &piece);
		at += len;
		if (event < 0) {
			seen.result = event;
			return seen;
		}
		if (inside != (event == TAR_EVENT_DATA || event == TAR_EVENT_ENTRY_END) &&
		    event != TAR_EVENT_MORE)
			abort();
		if (event == TAR_EVENT_ENTRY) {
			inside = true;
			check_entry(&seen, tar_reader_entry(reader));
		} else if (event == TAR_EVENT_DATA) {
			check_data(&seen, tar_reader_entry(reader), &piece);
		} else if (event == TAR_EVENT_ENTRY_END) {
			inside = false;
		} else if (at == size) {
			break;
		}
	}
	seen.result = tar_reader_finish(reader);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = read_in_steps(data, size, size ? size : 1);
	struct seen parts = read_in_steps(data, size, 97);

	if (whole.hash != parts.hash || whole.result != parts.result)
		abort();
	return 0;
}
