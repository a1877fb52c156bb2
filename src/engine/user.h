/*
 * Users and groups of a container, by the /etc/passwd and /etc/group of its own root file system.
 *
 * Those files are an image's and may be anything. They are opened inside the root, regular files
 * only, and read by a child that can do nothing but read and write (seccomp's strict mode): at most
 * USER_FILE_MAX bytes each, lines longer than a page skipped.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#define USER_GROUPS_MAX 256
#define USER_FILE_MAX	(10 * 1024 * 1024)
#define USER_NAME_MAX	256

struct user {
	uint32_t uid, gid;
	uint32_t group_count; /* supplementary; the primary one is among them */
	uint32_t groups[USER_GROUPS_MAX];
	char home[1024]; /* "/" if the files say nothing usable */
};

/*
 * Resolves Docker's "user", "uid", "user:group", "uid:gid", … ("" or NULL: root) inside @root_fd.
 * Numbers are ids, never names. ERROR_INVALID in Docker's words: "unable to find user x: no
 * matching entries in passwd file", "uids and gids must be in range 0-2147483647".
 */
int user_resolve(int root_fd, const char *spec, struct user *ret, struct error *err) MUST_CHECK;

/*
 * The same from two open files (-EBADF: not there), without a child; for the child and for tests.
 * Calls nothing but read(). 0, -ENOENT (no such user), -ESRCH (no such group), -E2BIG (too many
 * groups).
 */
int user_lookup(int passwd_fd, int group_fd, const char *user, const char *group,
		struct user *ret) MUST_CHECK;
