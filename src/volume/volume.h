/*
 * Local volumes: folders volumes/<name>/_data below the root.
 *
 * A volume appears whole: it is made, and filled where there is something to fill it with, under a
 * name of the making operation's ("." and the container's id), and renamed when it is complete.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "io/root.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes sure that volume @name exists. If it did not, it becomes a copy of the directory @source_fd
 * (entries, owners, modes, xattrs; -EBADF: empty). @maker is the id of the container on whose
 * behalf this happens. *@ret_new tells whether it was made now.
 */
int volume_ensure(const struct root *root, const char *name, const char *maker, int source_fd,
		  bool *ret_new, struct error *err) MUST_CHECK;

/* Absolute path of its data. Owned by the caller. */
char *volume_path(const struct root *root, const char *name) MUST_CHECK;

/* The names of all volumes, sorted. */
int volume_list(const struct root *root, struct strv *ret, struct error *err) MUST_CHECK;

/* Whether there is one, and since when (wall clock, ns; may be NULL). A name that could be none is
 * not there. */
bool volume_exists(const struct root *root, const char *name, int64_t *ret_created);

/* "[a-zA-Z0-9][a-zA-Z0-9_.-]+". */
bool volume_name_valid(const char *name);

/* Removes it with all its data; 0 if it does not exist. */
int volume_remove(const struct root *root, const char *name, struct error *err) MUST_CHECK;

/* Removes what @maker had begun to make and not completed. */
void volume_undo(const struct root *root, const char *maker);
