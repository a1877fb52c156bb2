/*
 * Local volumes: folders volumes/<name>/_data below the root.
 *
 * A volume appears whole: it is made, and filled where there is something to fill it with, under a
 * name of the making operation's ("." and the container's id), and renamed when it is complete.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"

#include <stdbool.h>

/*
 * Makes sure that volume @name exists. If it did not, it becomes a copy of the directory @source_fd
 * (entries, owners, modes, xattrs; -EBADF: empty). @maker is the id of the container on whose
 * behalf this happens. *@ret_new tells whether it was made now.
 */
int volume_ensure(const struct root *root, const char *name, const char *maker, int source_fd,
		  bool *ret_new, struct error *err) MUST_CHECK;

/* Absolute path of its data. Owned by the caller. */
char *volume_path(const struct root *root, const char *name) MUST_CHECK;

/* Removes it with all its data; 0 if it does not exist. */
int volume_remove(const struct root *root, const char *name, struct error *err) MUST_CHECK;

/* Removes what @maker had begun to make and not completed. */
void volume_undo(const struct root *root, const char *maker);
