/*
 * Reading tar archives: POSIX.1-2001 ustar and pax (path, linkpath, size, uid, gid, mtime,
 * SCHILY.xattr.*), GNU long names, GNU sparse files in all four forms, and v7.
 *
 * Bytes are pushed in as they come; events point into them. Memory is bounded by the TAR_*_MAX
 * limits and grows with what has arrived, never with what a header claims. What a name means
 * (absolute, "..", whiteouts) is not judged here. As Docker does, global pax headers are skipped,
 * and links, directories and special files have no data whatever their size field says.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK      512
#define TAR_META_MAX   (1u << 20) /* bytes of one pax header, long name or sparse map */
#define TAR_SPARSE_MAX 65536	  /* segments of a sparse file */

enum tar_type {
	TAR_FILE,
	TAR_HARDLINK,
	TAR_SYMLINK,
	TAR_CHARACTER,
	TAR_BLOCK_DEVICE,
	TAR_DIRECTORY,
	TAR_FIFO,
};

struct tar_xattr {
	const char *name; /* without "SCHILY.xattr." */
	const char *value;
	size_t value_len;
};

struct tar_entry {
	enum tar_type type;
	const char *path; /* never NULL, may be empty */
	const char *link; /* of links; "" otherwise */
	uint32_t mode;	  /* 07777 at most */
	uint32_t uid, gid;
	uint32_t major, minor;
	int64_t mtime;
	uint32_t mtime_ns;
	uint64_t size; /* of the file as it shall be */
	const struct tar_xattr *xattrs;
	size_t xattr_count;
};

enum tar_event {
	TAR_EVENT_MORE,	 /* all input used, push more */
	TAR_EVENT_ENTRY, /* tar_reader_entry() is the next one; valid until its TAR_EVENT_ENTRY_END
			  */
	TAR_EVENT_DATA,	 /* bytes of it */
	TAR_EVENT_ENTRY_END,
	TAR_EVENT_END, /* the archive has ended; what follows is padding */
};

struct tar_data {
	uint64_t offset; /* in the file */
	const void *data;
	size_t len;
};

struct tar_reader;

struct tar_reader *tar_reader_new(void) MUST_CHECK;
void tar_reader_free(struct tar_reader *reader);
void tar_reader_freep(struct tar_reader **reader);
#define auto_tar_reader CLEANUP(tar_reader_freep) struct tar_reader

/*
 * Takes from the *@len bytes at @in and says what comes next; *@len is then what was taken. Returns
 * an enum tar_event, or -EBADMSG (damaged), -E2BIG (beyond a limit), -EOPNOTSUPP (a kind of entry
 * that we do not know); tar_reader_why() has the words, and the reader is of no more use.
 * *@data is set for TAR_EVENT_DATA.
 */
int tar_reader_push(struct tar_reader *reader, const void *in, size_t *len,
		    struct tar_data *data) MUST_CHECK;
/* The input has ended: 0 if an archive may end so, else -EBADMSG. */
int tar_reader_finish(struct tar_reader *reader) MUST_CHECK;

const struct tar_entry *tar_reader_entry(const struct tar_reader *reader);
/* Why it failed, as the end of a sentence: "its header has a wrong checksum". */
const char *tar_reader_why(const struct tar_reader *reader);
