/*
 * Files into and out of a container: tar streams over a descriptor, as Docker's archive calls.
 *
 * Theory of operation. Everything happens in a view of the container (engine/container/view.h).
 * No path of the container's is ever resolved by us outside its root, and neither its files nor a
 * tar stream are read by a process with privileges beyond the view: kist-worker archive (reading,
 * below a read-only view) writes tar, kist-worker unpack (nobody) reads it, kist-worker apply
 * (below the view) makes the files. So a container that exchanges names while it is copied from or
 * to reaches nothing but its own files.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/container/view.h"
#include "engine/engine.h"
#include "io/worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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
 * A view serves one of the two calls below, once: its mounts move into the worker.
 *
 * Writes what is wanted and all below it as a tar archive. Sockets are left out. *@ret_bytes (may
 * be NULL): of the files. When the reader is gone: ERROR_UNAVAILABLE.
 */
struct archive_wanted {
	const char *path;
	const char *rename; /* what names begin with; NULL: the last component of @path ("." or "/."
			       at its end: "./") */
	int out_fd;
};

int container_archive_out(struct engine *engine, const struct container_view *view,
			  const struct container *container, const struct archive_wanted *wanted,
			  uint64_t *ret_bytes, struct error *err) MUST_CHECK;

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
int container_archive_in(struct engine *engine, const struct container_view *view,
			 const struct container *container, const char *path, int in_fd,
			 unsigned flags, struct error *err) MUST_CHECK;

/* The same for a directory of this machine, for `kist cp`: no owners, no set-id bits, no devices.
 * @dir_fd is the directory, @path its name for messages. *@ret_skipped: entries that were left
 * out. */
int archive_in_folder(int dir_fd, const char *path, int in_fd, uint64_t *ret_skipped,
		      struct error *err) MUST_CHECK;
/*
 * The other way round, and without waiting for the end: an archive on its way to a descriptor.
 * archive_folder_begin() takes @name below the directory @dir_fd (never followed; "" is the
 * directory itself), as @rename.
 */
struct archive_writer {
	struct worker worker;
};
#define ARCHIVE_WRITER_NONE ((struct archive_writer) {.worker = WORKER_NONE})
#define auto_archive_writer CLEANUP(archive_writer_release) struct archive_writer

int container_archive_begin(const struct container_view *view, const struct container *container,
			    const char *path, const char *rename, int out_fd,
			    struct archive_writer *ret, struct error *err) MUST_CHECK;
int archive_folder_begin(int dir_fd, const char *name, const char *rename, int out_fd,
			 struct archive_writer *ret, struct error *err) MUST_CHECK;
/* Waits. *@ret_bytes (may be NULL): of the files. ERROR_UNAVAILABLE: the reader is gone. */
int archive_writer_end(struct archive_writer *writer, uint64_t *ret_bytes,
		       struct error *err) MUST_CHECK;
/* Kills it if it still lives. */
void archive_writer_release(struct archive_writer *writer);
