/*
 * Small files that are whole or absent: records, references, exit codes.
 *
 * All names are single components below a directory descriptor of ours. Returns 0 or -errno.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>
#include <sys/types.h>

enum atomic_flags {
	ATOMIC_SYNC = 1 << 0, /* durable when the call returns: data, then name, then directory */
	ATOMIC_EXCLUSIVE = 1 << 1, /* -EEXIST rather than replace: this is how names are reserved */
};

/* Creates or replaces @name with @len bytes at @data. A crash leaves the old file or the new one.
 */
int atomic_write(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
		 unsigned flags) MUST_CHECK;

/* Reads a regular file whole, at most @max bytes; -ELOOP for a symlink, -EINVAL for anything else
 * that is no regular file. *@ret is NUL-terminated and owned by the caller. */
int atomic_read(int dir_fd, const char *name, size_t max, char **ret, size_t *ret_len) MUST_CHECK;

/* Removes what writers that were killed left in the making. The caller keeps all writers to that
 * directory out, by a lock of theirs. */
int atomic_sweep(int dir_fd) MUST_CHECK;

/* Opens the directory @name below @dir_fd, creating it with @mode first where it is missing. -ELOOP
 * or -ENOTDIR where something else is there. Returns the descriptor. */
int directory_open(int dir_fd, const char *name, mode_t mode) MUST_CHECK;
