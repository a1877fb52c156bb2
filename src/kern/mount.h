/*
 * Mounts as descriptors: made detached, given their attributes, attached last. No path is resolved
 * twice and nothing half set up is ever visible. (fsopen, open_tree, move_mount: Linux 5.2;
 * mount_setattr: 5.12.)
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A detached mount of a new file system of @type. @options are its own ("size=64m", "newinstance";
 * NULL: none), @attributes MOUNT_ATTR_*. On failure *@ret_option, if asked for, is the option that
 * was refused, or NULL.
 */
int mount_new(const char *type, const char *source, char *const *options, uint64_t attributes,
	      const char **ret_option) MUST_CHECK;

/* A detached copy of what is at @path below @dir_fd ("" is @dir_fd itself). */
int mount_clone(int dir_fd, const char *path, bool recursive) MUST_CHECK;

/* The same of a path of the caller's; with @nofollow a symlink at its end is what is mounted. */
int mount_clone_source(const char *path, bool recursive, bool nofollow) MUST_CHECK;

/* Maps the ids of a detached mount as in the user namespace @userns_fd (5.12). */
int mount_idmap(int mount_fd, int userns_fd, bool recursive) MUST_CHECK;

/* Attaches a detached mount on top of what @target_fd (O_PATH) is. */
int mount_attach(int mount_fd, int target_fd) MUST_CHECK;

/* Changes attributes (MOUNT_ATTR_*) and propagation (MS_*, 0: none) of the mount that @fd is the
 * root of. */
int mount_change(int fd, uint64_t set, uint64_t clear, uint64_t propagation,
		 bool recursive) MUST_CHECK;

/* Makes @root_fd, a mount's root, the root of the calling process's mount namespace, and detaches
 * the old one. The working directory is the new root. */
int mount_pivot(int root_fd) MUST_CHECK;

/* The same where the old root is the initial ramfs, which cannot be pivoted: moves @root_fd's mount
 * over "/". */
int mount_move_root(int root_fd) MUST_CHECK;

/* Takes away what is mounted on @path below @root_fd, symlinks resolved inside it. 0 if it was no
 * mount. */
int mount_detach(int root_fd, const char *path) MUST_CHECK;

/* Changes the root and the working directory alone. */
int mount_chroot(int root_fd) MUST_CHECK;
