/*
 * What kist-worker unpack tells kist-worker apply, over a pipe: one fixed record per entry, with
 * its lengths, then its strings, then for a file its pieces. And what both tell the store.
 *
 * The reader trusts nothing: every field is checked again by layer_record_check and
 * layer_path_valid, and apply works below a root of its own. Byte order and layout are the
 * machine's: both ends are the same program.
 */
#pragma once

#include "base/macro.h"
#include "codec/decompress.h"
#include "codec/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYER_MAGIC	   0x6b695354u
#define LAYER_PATH_MAX	   4095
#define LAYER_DEPTH_MAX	   512
#define LAYER_XATTRS_BYTES (256u << 10) /* of one entry */
#define DOCUMENT_MAX	   (4u << 20)	/* bytes of a config or manifest */
#define LAYER_BUFFER	   (256u << 10)

enum layer_type {
	LAYER_END, /* the layer is complete */
	LAYER_FILE,
	LAYER_DIRECTORY,
	LAYER_SYMLINK,
	LAYER_HARDLINK,
	LAYER_FIFO,
	LAYER_CHARACTER,
	LAYER_BLOCK,
	LAYER_WHITEOUT, /* the name is gone from the layers below */
	LAYER_OPAQUE,	/* all that the layers below have in this directory is gone */
	LAYER_TYPE_COUNT,
};

struct layer_record {
	uint32_t magic, type;
	uint32_t mode; /* 07777 at most */
	uint32_t uid, gid;
	uint32_t major, minor;
	uint32_t mtime_ns;
	int64_t mtime;
	uint64_t size;	   /* of a file */
	uint32_t path_len; /* 0: the layer's root, for LAYER_DIRECTORY and LAYER_OPAQUE only */
	uint32_t link_len; /* of LAYER_SYMLINK: any text; of LAYER_HARDLINK: a path */
	uint32_t xattr_len;
	uint32_t unused;
};

/* A file's content: pieces with rising offsets, ended by one of length 0. What lies between them
 * are holes. */
struct layer_piece {
	uint64_t offset, len;
};

/* One extended attribute: this, then the name, then the value. */
struct layer_xattr {
	uint32_t name_len, value_len;
};

/* WORKER_DONE of the job "layer". */
struct layer_unpacked {
	char digest[DIGEST_TEXT_SIZE], diff_id[DIGEST_TEXT_SIZE];
	uint32_t compression; /* enum compression */
	uint64_t size, tar_size, file_size, entries;
};

/* WORKER_DONE of the jobs "blob" and "config". */
struct document_kept {
	char digest[DIGEST_TEXT_SIZE];
	uint64_t size;
};

/* WORKER_DONE of kist-worker apply. */
struct layer_applied {
	uint64_t entries;
};

/* WORKER_DONE of the job "copy" of both. */
struct copy_done {
	uint64_t entries;
	uint64_t skipped; /* entries that were left out */
};

/* WORKER_DONE of kist-worker archive. */
struct archive_done {
	uint64_t entries, bytes; /* of files */
};

/* How kist-worker apply treats the entries of a copy: its third argument, as text. */
enum copy_flags {
	COPY_OVERWRITE =
		1 << 0, /* a directory may take the place of a file, and the other way round */
	COPY_TO_HOST = 1 << 1, /* no owners, no set-id bits, no attributes, no devices */
};

/* Whether lengths, type, mode, ids and times are within their bounds and fit together. */
bool layer_record_check(const struct layer_record *record);

/* A relative path that names something below the root: no empty, "." or ".." component, none longer
 * than 255 bytes, no NUL. */
bool layer_path_valid(const char *path, size_t len);

/*
 * Makes a name out of an archive such a path, as Docker reads it: a leading slash and "." fall
 * away, ".." takes the component before it away; beyond an absolute name's root it stays there. ""
 * is the root. @ret has LAYER_PATH_MAX + 1 bytes. 0, or -EINVAL with *@why: "leads out of the
 * layer", "is too long" ...
 */
int layer_path_clean(const char *name, char *ret, const char **why) MUST_CHECK;

/* The attributes that an image may set: security.capability and user.* but overlayfs's own. 1: it
 * may; 0: to be left out (labels of the machine that made the image); -EPERM. */
int layer_xattr_allowed(const char *name) MUST_CHECK;
