/*
 * The two folders that hold all state of one engine, and the names derived from them.
 *
 *   dir  /var/lib/kist   survives a boot:    images/ layers/ containers/ names/ volumes/ networks/
 * intents/ run  /run/kist       does not:           containers/ network/ seccomp/
 *
 * Engines with different folders never meet: everything global (bridge, nftables table, cgroup
 * parent) is called by root->tag, which is "kist" for the default folder and "kist-" with eight
 * hexadecimal digits of the folder's name otherwise.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#define ROOT_DIR_DEFAULT "/var/lib/kist"
#define ROOT_RUN_DEFAULT "/run/kist"
#define ROOT_TAG_SIZE	 14

struct root {
	char *dir; /* absolute */
	char *run;
	int dir_fd;
	int run_fd;
	char tag[ROOT_TAG_SIZE];
};

/*
 * Opens both folders, creating them (0700) where they are missing. A NULL name takes $KIST_ROOT or
 * $KIST_RUNROOT, then the default (below $XDG_DATA_HOME and $XDG_RUNTIME_DIR for users other than
 * root).
 *
 * A run folder from an earlier boot is emptied first. Errors name the folder and what to do:
 * ERROR_DENIED (not writable, or owned by somebody else), ERROR_EXHAUSTED, ERROR_SYSTEM.
 */
int root_open(const char *dir, const char *run, struct root *ret, struct error *err) MUST_CHECK;
void root_release(struct root *root);
#define auto_root CLEANUP(root_release) struct root

/* A directory descriptor for @path ("containers", "network/bridge") below dir or run, made on the
 * way where it is missing. */
int root_dir_open(const struct root *root, const char *path, struct error *err) MUST_CHECK;
int root_run_open(const struct root *root, const char *path, struct error *err) MUST_CHECK;

/* Removes everything below @dir_fd, or @name and everything below it, never following a symlink and
 * never crossing into another file system. -EBUSY where something is mounted. 0 if it was not
 * there. */
int tree_empty(int dir_fd) MUST_CHECK;
int tree_remove(int dir_fd, const char *name) MUST_CHECK;
