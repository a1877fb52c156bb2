/*
 * A directory with all that is in it, copied by descriptors: what a new volume takes over from an
 * image. Symlinks are copied, never followed; owners, modes, times and extended attributes stay.
 */
#pragma once

#include "base/macro.h"

/* Copies the entries of @from_fd into @to_fd, and owner, mode and attributes of @from_fd itself.
 * 0 or -errno; -ELOOP beyond TREE_COPY_DEPTH levels. */
int tree_copy(int from_fd, int to_fd) MUST_CHECK;

#define TREE_COPY_DEPTH 512
