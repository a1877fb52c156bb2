#include "codec/tar-pax.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XATTR_PREFIX "SCHILY.xattr."

/* "123" or "-1.5" with up to nine places that count. */
static int parse_time(const char *text, int64_t *ret, uint32_t *ret_ns)
{
	auto_free char *whole = NULL;
	const char *dot = strchr(text, '.');
	uint32_t ns = 0, scale = 100000000;
	int64_t seconds;

	whole = dot ? mem_strndup(text, (size_t)(dot - text)) : mem_strdup(text);
	if (parse_i64(whole, &seconds) < 0)
		return -EINVAL;
	for (const char *p = dot ? dot + 1 : ""; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		ns += (uint32_t)(*p - '0') * scale;
		scale /= 10;
	}
	/* -1.25 is a quarter before -1: -2 and three quarters. */
	if (whole[0] == '-' && ns > 0) {
		if (seconds == INT64_MIN)
			return -EINVAL;
		seconds--;
		ns = 1000000000 - ns;
	}
	*ret = seconds;
	*ret_ns = ns;
	return 0;
}

static int parse_unsigned(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value;

	if (parse_u64(text, &value) < 0 || value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

int tar_pax_add_segment(struct tar_pax_values *values, uint64_t offset, uint64_t len)
{
	if (values->segment_count == TAR_SPARSE_MAX)
		return -E2BIG;
	if (values->segment_count == values->segment_size) {
		values->segment_size = MAX((size_t)16, values->segment_size * 2);
		values->segments = mem_resize(values->segments,
					      values->segment_size * sizeof(*values->segments));
	}
	values->segments[values->segment_count++] = (struct tar_segment) {offset, len};
	return 0;
}

void tar_pax_sparse_begin(struct tar_pax_values *values)
{
	values->sparse = true;
	values->segment_count = 0;
}

/* Version 0.1: "offset,length,offset,length". */
static int parse_map(struct tar_pax_values *values, char *text)
{
	char *state = NULL;

	values->segment_count = 0;
	for (char *item = strtok_r(text, ",", &state); item; item = strtok_r(NULL, ",", &state)) {
		char *second = strtok_r(NULL, ",", &state);
		uint64_t offset, len;

		if (!second || parse_unsigned(item, INT64_MAX, &offset) < 0 ||
		    parse_unsigned(second, INT64_MAX, &len) < 0 ||
		    tar_pax_add_segment(values, offset, len) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int parse_sparse(struct tar_pax_values *values, const char *key, char *value)
{
	uint64_t number;

	values->sparse = true;
	if (STREQ(key, "name")) {
		values->sparse_name = value;
		return 0;
	}
	if (STREQ(key, "map"))
		return parse_map(values, value);
	if (parse_unsigned(value, INT64_MAX, &number) < 0)
		return -EBADMSG;
	if (STREQ(key, "size") || STREQ(key, "realsize")) {
		values->real_size = number;
		values->has_real_size = true;
	} else if (STREQ(key, "major")) {
		values->map_in_data = number == 1;
		return number <= 1 ? 0 : -EBADMSG;
	} else if (STREQ(key, "minor")) {
		return number <= 1 ? 0 : -EBADMSG;
	} else if (STREQ(key, "offset")) {
		values->offset = number;
		values->has_offset = true;
	} else if (STREQ(key, "numbytes")) {
		if (!values->has_offset)
			return -EBADMSG;
		values->has_offset = false;
		return tar_pax_add_segment(values, values->offset, number) < 0 ? -EBADMSG : 0;
	}
	return 0; /* numblocks says nothing new */
}

static int add_xattr(struct tar_pax_values *values, const char *name, const char *value, size_t len,
		     const char **why)
{
	size_t i;

	for (i = 0; i < values->xattr_count; i++)
		if (STREQ(values->xattrs[i].name, name))
			break;
	if (i == TAR_XATTRS_MAX) {
		*why = "it has too many extended attributes";
		return -EBADMSG;
	}
	if (!values->xattrs)
		values->xattrs = mem_zero(TAR_XATTRS_MAX, sizeof(*values->xattrs));
	if (i == values->xattr_count)
		values->xattr_count++;
	values->xattrs[i] = (struct tar_xattr) {.name = name, .value = value, .value_len = len};
	return 0;
}

static int parse_number_key(struct tar_pax_values *values, const char *key, const char *value)
{
	static const struct {
		const char *key;
		size_t has, number;
		uint64_t max;
	} numbers[] = {
		{"size", offsetof(struct tar_pax_values, has_size),
		 offsetof(struct tar_pax_values, size), INT64_MAX},
		{"uid", offsetof(struct tar_pax_values, has_uid),
		 offsetof(struct tar_pax_values, uid), UINT32_MAX - 1},
		{"gid", offsetof(struct tar_pax_values, has_gid),
		 offsetof(struct tar_pax_values, gid), UINT32_MAX - 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		bool *has = (bool *)((char *)values + numbers[i].has);
		uint64_t *number = (uint64_t *)(void *)((char *)values + numbers[i].number);

		if (!STREQ(key, numbers[i].key))
			continue;
		*has = *value != '\0';
		return *has ? parse_unsigned(value, numbers[i].max, number) : 0;
	}
	return 0; /* a key that says nothing about what we make */
}

/* @value ends with a NUL byte that is not counted in @len. An empty one takes the key back. */
static int parse_record(struct tar_pax_values *values, char *key, char *value, size_t len,
			const char **why)
{
	if (str_starts(key, XATTR_PREFIX))
		return add_xattr(values, key + strlen(XATTR_PREFIX), value, len, why);
	if (strlen(value) != len) {
		*why = "its extended header contains a NUL byte";
		return -EBADMSG;
	}
	if (str_starts(key, "GNU.sparse."))
		return parse_sparse(values, key + strlen("GNU.sparse."), value);
	if (STREQ(key, "path")) {
		values->path = *value ? value : NULL;
		return 0;
	}
	if (STREQ(key, "linkpath")) {
		values->link = *value ? value : NULL;
		return 0;
	}
	if (STREQ(key, "mtime")) {
		values->has_mtime = *value != '\0';
		return values->has_mtime ? parse_time(value, &values->mtime, &values->mtime_ns) : 0;
	}
	return parse_number_key(values, key, value);
}

int tar_pax_parse(struct tar_pax_values *values, char *text, size_t len, const char **why)
{
	tar_pax_clear(values);
	while (len > 0) {
		size_t record = 0, digits = 0;
		char *equals;

		while (digits < len && text[digits] >= '0' && text[digits] <= '9' &&
		       record <= TAR_META_MAX)
			record = record * 10 + (size_t)(text[digits++] - '0');
		/* "length key=value\n", the length counting itself */
		if (digits == 0 || record > len || record < digits + 4 || text[digits] != ' ' ||
		    text[record - 1] != '\n')
			return -EBADMSG;
		equals = memchr(text + digits + 1, '=', record - digits - 2);
		if (!equals || equals == text + digits + 1)
			return -EBADMSG;
		*equals = '\0';
		text[record - 1] = '\0';
		if (strlen(text + digits + 1) != (size_t)(equals - (text + digits + 1)) ||
		    parse_record(values, text + digits + 1, equals + 1,
				 (size_t)(text + record - 1 - (equals + 1)), why) < 0)
			return -EBADMSG;
		text += record;
		len -= record;
	}
	return 0;
}

void tar_pax_clear(struct tar_pax_values *values)
{
	*values = (struct tar_pax_values) {
		.xattrs = values->xattrs,
		.segments = values->segments,
		.segment_size = values->segment_size,
	};
}

void tar_pax_release(struct tar_pax_values *values)
{
	free(values->xattrs);
	free(values->segments);
	*values = (struct tar_pax_values) {0};
}
