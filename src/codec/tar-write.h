/*
 * Writing tar archives: POSIX.1-2001 pax, with extended headers only where ustar has no room (long
 * names, large numbers, times before 1970, extended attributes). What is written here
 * codec/tar-read reads back; times are whole seconds, as Docker's.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "codec/tar-read.h"

#include <stdint.h>

/* Appends the header of @entry. Behind it go entry->size bytes of a TAR_FILE, then tar_padding()
 * zeros; other kinds have no data. The name of a directory gets a slash at its end. */
void tar_write_header(const struct tar_entry *entry, struct str *out);

/* How many zeros follow @size bytes of data. */
size_t tar_padding(uint64_t size);

/* Appends the end of the archive. */
void tar_write_end(struct str *out);
