/*
 * Files into and out of a container: tar streams over a descriptor, as Docker's archive calls.
 *
 * Theory of operation. A view is the container's root file system as a tree of mounts that is
 * attached nowhere: of a running one its root, its volumes and its tmpfs, taken in its own mount
 * namespace (through a pidfd, so it is that process and no other); of a stopped one its layers
 * merged, with its volumes. Kernel file systems (/proc, /sys, /dev) are no part of it. Devices in a
 * view cannot be opened and nothing in it executed. Closing the view is all there is to undo.
 *
 * No path of the container's is ever resolved by us outside its root, and neither its files nor a
 * tar stream are read by a process with privileges beyond the view: kist-worker archive (reading,
 * below a read-only view) writes tar, kist-worker unpack (nobody) reads it, kist-worker apply
 * (below the view) makes the files. So a container that exchanges names while it is copied from or
 * to reaches nothing but its own files.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "io/intent.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum view_access {
	VIEW_READ,
	VIEW_WRITE, /* of a stopped container: no other operation on it as long as it is open */
};

struct container_view {
	int tree_fd; /* owned */
	bool locked; /* @lock is ours */
	struct intent lock;
};

int container_view_open(struct engine *engine, const struct container *container,
			enum view_access access, struct container_view *ret,
			struct error *err) MUST_CHECK;
void container_view_close(struct container_view *view);
/* Not open: what container_view_close() accepts. */
#define CONTAINER_VIEW_NONE ((struct container_view) {.tree_fd = -EBADF})
#define auto_container_view CLEANUP(container_view_close) struct container_view

/* Docker's container path stat. */
struct path_stat {
	char *name; /* the last component as asked for, "/" for the root */
	uint64_t size;
	mode_t mode; /* st_mode */
	int64_t mtime;
	char *link_target; /* of a symlink: absolute path that it leads to in the container, all
			      links followed, there or not; "" otherwise */
};

/* Of @path, relative to the container's root; a symlink that is the last component is not followed,
 * unless a slash or "/." is behind it. ERROR_NOT_FOUND in Docker's words. */
int container_path_stat(const struct container_view *view, const struct container *container,
			const char *path, struct path_stat *ret, struct error *err) MUST_CHECK;
void path_stat_release(struct path_stat *stat);
#define auto_path_stat CLEANUP(path_stat_release) struct path_stat

/*
 * Writes @path and all below it to @out_fd as a tar archive whose names begin with @rename, or, if
 * that is NULL, with the last component of @path ("." or "/." at its end: with "./"). Sockets are
 * left out. When the reader is gone: ERROR_UNAVAILABLE.
 */
int container_archive_out(const struct container_view *view, const struct container *container,
			  const char *path, const char *rename, int out_fd,
			  struct error *err) MUST_CHECK;

enum archive_flags {
	/* A directory may be replaced by a file and the other way round. */
	ARCHIVE_OVERWRITE = 1 << 0,
	/* Everything belongs to the container's user; otherwise to whom the archive says. */
	ARCHIVE_CHOWN = 1 << 1,
};

/*
 * Unpacks the tar archive of @in_fd (plain, gzip or zstd) into the directory @path.
 * ERROR_NOT_FOUND, ERROR_INVALID (not a directory; what the archive must not contain), ERROR_DENIED
 * (read-only). What was unpacked before a failure stays, as with tar.
 */
int container_archive_in(const struct container_view *view, const struct container *container,
			 const char *path, int in_fd, unsigned flags, struct error *err) MUST_CHECK;

/* The same for a directory of this machine, for `kist cp`: no owners, no set-id bits, no devices.
 * @dir_fd is the directory, @path its name for messages. *@ret_skipped: entries that were left
 * out. */
int archive_in_folder(int dir_fd, const char *path, int in_fd, uint64_t *ret_skipped,
		      struct error *err) MUST_CHECK;
/* And out of one: @name below the directory @dir_fd (never followed), as @rename. */
int archive_out_folder(int dir_fd, const char *name, const char *rename, int out_fd,
		       struct error *err) MUST_CHECK;
