/*
 * The records of a pax extended header (POSIX.1-2001, "pax Extended Header"), with the keys of
 * star, libarchive and GNU tar that say something about files. A part of tar-read.
 */
#pragma once

#include "base/macro.h"
#include "codec/tar-read.h"

#include <stdbool.h>

#define TAR_XATTRS_MAX 256

struct tar_segment {
	uint64_t offset, len;
};

struct tar_pax_values {
	const char *path, *link; /* point into the header's text */
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	int64_t mtime;
	uint32_t mtime_ns;
	struct tar_xattr *xattrs; /* owned; names and values point into the header's text */
	size_t xattr_count;
	/* GNU.sparse.* */
	const char *sparse_name; /* the name without the part that version 1.0 adds */
	bool sparse;
	bool map_in_data; /* version 1.0 */
	bool has_real_size, has_offset;
	uint64_t real_size, offset;
	struct tar_segment *segments; /* owned */
	size_t segment_count, segment_size;
};

/* Reads the records into @values, which is cleared first. @text is changed (terminated in place)
 * and must live as long as the values. 0, or -EBADMSG with *@why where a better word is known. */
int tar_pax_parse(struct tar_pax_values *values, char *text, size_t len,
		  const char **why) MUST_CHECK;
/* Forgets everything but keeps the memory. */
void tar_pax_clear(struct tar_pax_values *values);
void tar_pax_release(struct tar_pax_values *values);

/* For the map of an old GNU sparse file, which comes without pax. */
void tar_pax_sparse_begin(struct tar_pax_values *values);
/* 0, or -E2BIG. */
int tar_pax_add_segment(struct tar_pax_values *values, uint64_t offset, uint64_t len) MUST_CHECK;
