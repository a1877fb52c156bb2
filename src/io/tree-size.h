/*
 * How much is in a folder: the bytes of its regular files, as du(1) counts them when asked for
 * apparent sizes. A file with several links counts for one among them all; symlinks are not
 * followed, other file systems and what is nested more than TREE_SIZE_DEPTH deep are left out.
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>

#define TREE_SIZE_DEPTH 256

/* 0 or -errno, for @dir_fd itself; what disappears meanwhile counts nothing. */
int tree_size(int dir_fd, uint64_t *ret) MUST_CHECK;
