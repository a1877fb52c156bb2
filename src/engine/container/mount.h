/*
 * What is mounted into a container, and Docker's short forms for it: -v and --tmpfs.
 *
 * Parsing only: whether a source exists is seen when the container is created.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#include <stdbool.h>

enum mount_kind {
	MOUNT_BIND,
	MOUNT_VOLUME,
	MOUNT_TMPFS,
};

enum mount_propagation {
	MOUNT_RPRIVATE,
	MOUNT_PRIVATE,
	MOUNT_RSLAVE,
	MOUNT_SLAVE,
	MOUNT_RSHARED,
	MOUNT_SHARED,
};

/* What of the mounts below a bind mount's source comes along. */
enum mount_recursion {
	MOUNT_RECURSIVE,      /* all, read-only if it is */
	MOUNT_WRITABLE_BELOW, /* all, as they are */
	MOUNT_NOT_RECURSIVE,  /* none */
};

struct container_mount {
	enum mount_kind kind;
	char *source;  /* bind: absolute host path; volume: its name, NULL for an anonymous one that
			  has none yet; tmpfs: NULL */
	char *target;  /* absolute path in the container, without "." and ".." */
	char *options; /* tmpfs: as given ("size=64m,mode=1777"), else NULL */
	bool read_only;
	bool no_copy;	 /* volume: do not fill it from the image */
	bool anonymous;	 /* volume: made for this container alone */
	bool must_exist; /* bind: a source that is missing is an error, not made */
	enum mount_recursion recursion;
	enum mount_propagation propagation;
};

void container_mount_release(struct container_mount *mount);
void container_mount_copy(struct container_mount *to, const struct container_mount *from);

/* -v: [source:]target[:options]. Errors in Docker's words: "invalid volume specification: '…'". */
int container_mount_parse_volume(const char *text, struct container_mount *ret,
				 struct error *err) MUST_CHECK;
/* --tmpfs: target[:options]. */
int container_mount_parse_tmpfs(const char *text, struct container_mount *ret,
				struct error *err) MUST_CHECK;

/* --mount: type=bind,source=/a,target=/b,readonly, … */
int container_mount_parse_long(const char *text, struct container_mount *ret,
			       struct error *err) MUST_CHECK;

/* The parts that both forms have: the target, as @what and @text are to be told of if it is wrong;
 * the name of a volume. */
int container_mount_set_target(struct container_mount *mount, const char *what, const char *text,
			       const char *path, struct error *err) MUST_CHECK;
int container_mount_set_volume(struct container_mount *mount, const char *name,
			       struct error *err) MUST_CHECK;

/* "rprivate", "shared", … */
const char *mount_propagation_name(enum mount_propagation propagation);

/* An absolute path without doubled slashes, "." and "..", as Go's filepath.Clean gives it; purely
 * textual. NULL if @path is not absolute. Owned by the caller. */
char *path_clean(const char *path) MUST_CHECK;
