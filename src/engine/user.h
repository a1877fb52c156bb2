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
#include "base/strv.h"

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
 * Resolves Docker's "user", "uid", "user:group", "uid:gid", … ("" or NULL: root) inside @root_fd,
 * and the groups of @extra (--group-add; may be NULL), which come last. Numbers are ids, never
 * names. ERROR_INVALID in Docker's words: "unable to find user x: no matching entries in passwd
 * file", "uids and gids must be in range 0-2147483647", "Unable to find group x".
 */
int user_resolve(int root_fd, const char *spec, const struct strv *extra, struct user *ret,
		 struct error *err) MUST_CHECK;

#define USER_EXTRA_MAX 64

struct user_query {
	const char *user, *group;	   /* "": not said */
	const char *extra[USER_EXTRA_MAX]; /* names or numbers, as far as the first NULL */
};

/*
 * The same from two open files (-EBADF: not there), without a child; for the child and for tests.
 * Calls nothing but read(), and reads each file once. 0, -ENOENT (no such user), -ESRCH (no such
 * group), -E2BIG (too many groups), -ENXIO (*@ret_missing: the first of the extra ones that is not
 * there).
 */
int user_lookup(int passwd_fd, int group_fd, const struct user_query *query, struct user *ret,
		uint32_t *ret_missing) MUST_CHECK;
