/*
 * Paths inside a directory that somebody else controls: resolved by the kernel as if @root_fd were
 * "/" (openat2, RESOLVE_IN_ROOT), without magic links, and handed out as descriptors. Nothing is
 * ever resolved twice: what was opened is what is used.
 *
 * Returns descriptors, 0 or -errno.
 */
#pragma once

#include "base/macro.h"

#include <sys/types.h>

/* Opens @path below @root_fd; symlinks are followed but cannot leave it. O_CLOEXEC is added. */
int resolve_open(int root_fd, const char *path, int flags) MUST_CHECK;

/* The same without following any symlink and without crossing a mount, for /proc and /sys. */
int resolve_plain(int dir_fd, const char *path, int flags) MUST_CHECK;

/* Opens the regular file @path to read it; what else is there is not opened at all, because the
 * opening alone of a device does things (a watchdog starts), and the files of the kernel's own file
 * systems are none of the image's: -EBADF. For callers with the host's /proc. */
int resolve_regular(int root_fd, const char *path) MUST_CHECK;

/* An O_PATH descriptor of the directory @path, made with all its parents (@mode) where missing. The
 * target of a dangling symlink is made inside @root_fd. */
int resolve_directory(int root_fd, const char *path, mode_t mode) MUST_CHECK;

/* An O_PATH descriptor of @path, which is made as an empty file if nothing is there; so is the
 * target of a dangling symlink, with its parents, inside @root_fd. */
int resolve_file(int root_fd, const char *path, mode_t mode) MUST_CHECK;

/* An O_PATH descriptor of the directory that holds the last component of @path (made with @mode
 * where missing); *@ret_name points to that component within @path. -EINVAL if it has none. */
int resolve_parent(int root_fd, const char *path, mode_t mode, const char **ret_name) MUST_CHECK;
