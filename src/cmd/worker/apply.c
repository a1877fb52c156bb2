/*
 * Role apply: makes the entries of one layer below the only folder it sees, its root.
 *
 * The job "copy" makes those of a tar stream in a directory below that root, beside what is there:
 * arguments are the directory, enum copy_flags, and "uid:gid" that all shall belong to, or "-".
 *
 * Theory of operation: records come from kist-worker unpack and are believed in nothing. Parents
 * are resolved by openat2 inside the root, following the layer's own symbolic links as Docker does;
 * the last component is never followed. Everything after works on descriptors. Directories get
 * their times at the end, when nothing is made in them any more.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "cmd/worker/worker.h"
#include "io/root.h"
#include "io/worker.h"
#include "store/layer-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RECORDS		  (WORKER_FIRST)
#define ROOT		  (WORKER_FIRST + 1)

#define DIRECTORIES_BYTES (64u << 20) /* of names of directories that wait for their times */
#define OPAQUE_XATTR	  "trusted.overlay.opaque"

struct apply {
	int root;
	bool copy; /* the job "copy" */
	uint32_t flags;
	bool owned; /* all belongs to */
	uint32_t uid, gid;
	char base[LAYER_PATH_MAX + 1]; /* where to, without slashes at the ends */
	uint64_t skipped;
	/* The directory that the entry before was made in. */
	int parent;
	bool parent_setgid;
	bool parent_stale; /* something was removed that its name may lead through */
	char parent_path[LAYER_PATH_MAX + 1];
	/* Directories with their times: struct stamp, then the path. */
	struct str stamps;
	struct layer_applied result;

	struct layer_record record;
	char path[LAYER_PATH_MAX + 1], link[LAYER_PATH_MAX + 1];
	unsigned char *xattrs;
	size_t in_pos, in_len;
	unsigned char in[LAYER_BUFFER];
};

struct stamp {
	struct timespec times[2];
	uint32_t path_len;
};

static int failed(const struct apply *apply, int errnum, const char *what, struct error *err)
{
	return error_errno(err, errnum, "%s entry \"%s\"", what, apply->path);
}

static int fill(struct apply *apply, struct error *err)
{
	ssize_t n;

	do
		n = read(RECORDS, apply->in, sizeof(apply->in));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, errno, "receive entries");
	if (n == 0)
		return error_set(err, ERROR_SYSTEM,
				 "receive entries: the layer ends in the middle");
	apply->in_pos = 0;
	apply->in_len = (size_t)n;
	return 0;
}

static int receive(struct apply *apply, void *to, size_t len, struct error *err)
{
	unsigned char *p = to;

	while (len > 0) {
		size_t n = MIN(len, apply->in_len - apply->in_pos);
		int r = n == 0 ? fill(apply, err) : 0;

		if (r < 0)
			return r;
		(void)memcpy(p, apply->in + apply->in_pos, n);
		apply->in_pos += n;
		p += n;
		len -= n;
	}
	return 0;
}

/* Puts the directory that is copied to before @path. */
static int prepend_base(const struct apply *apply, char *path, uint32_t *len, struct error *err)
{
	size_t base = strlen(apply->base), gap = base > 0 && *len > 0;

	if (base + gap + *len > LAYER_PATH_MAX)
		return error_set(err, ERROR_INVALID, "entry \"%s\": its path there is too long",
				 path);
	(void)memmove(path + base + gap, path, *len + 1);
	(void)memcpy(path, apply->base, base);
	if (gap)
		path[base] = '/';
	*len += (uint32_t)(base + gap);
	return 0;
}

/* What a copy changes in a record. A file of the container's that gets to the machine is a file:
 * nothing that its owner's rights, or the kernel, make more of. */
static int adapt(struct apply *apply, struct error *err)
{
	struct layer_record *record = &apply->record;
	int r = 0;

	if (record->type == LAYER_WHITEOUT || record->type == LAYER_OPAQUE)
		return error_set(err, ERROR_INVALID, "receive entries: a copy has no whiteouts");
	if (record->type == LAYER_END || record->path_len == 0)
		return 0;
	if (apply->flags & COPY_TO_HOST) {
		record->uid = geteuid();
		record->gid = getegid();
		record->mode &= 01777;
		record->xattr_len = 0;
	} else if (apply->owned) {
		record->uid = apply->uid;
		record->gid = apply->gid;
	}
	if (record->type == LAYER_HARDLINK)
		r = prepend_base(apply, apply->link, &record->link_len, err);
	return r < 0 ? r : prepend_base(apply, apply->path, &record->path_len, err);
}

static int receive_record(struct apply *apply, struct error *err)
{
	struct layer_record *record = &apply->record;
	int r = receive(apply, record, sizeof(*record), err);

	if (r < 0)
		return r;
	if (!layer_record_check(record))
		return error_set(err, ERROR_INVALID, "receive entries: a record makes no sense");
	r = receive(apply, apply->path, record->path_len, err);
	if (r == 0)
		r = receive(apply, apply->link, record->link_len, err);
	if (r == 0)
		r = receive(apply, apply->xattrs, record->xattr_len, err);
	if (r < 0)
		return r;
	apply->path[record->path_len] = '\0';
	apply->link[record->link_len] = '\0';
	if ((record->path_len > 0 && !layer_path_valid(apply->path, record->path_len)) ||
	    (record->type == LAYER_HARDLINK && !layer_path_valid(apply->link, record->link_len)) ||
	    strlen(apply->link) != record->link_len)
		return error_set(err, ERROR_INVALID, "receive entries: a name makes no sense");
	return apply->copy ? adapt(apply, err) : 0;
}

/* ---- places ---- */

static int open_inside(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Opens the directory @path, making what is missing on the way. */
static int open_or_make(struct apply *apply, char *path)
{
	int fd = open_inside(apply->root, path, O_PATH | O_DIRECTORY);

	if (fd != -ENOENT)
		return fd;
	for (char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
		auto_fd int above = -EBADF;
		char *base;

		if (slash)
			*slash = '\0';
		base = strrchr(path, '/');
		if (base)
			*base = '\0';
		above = base ? open_inside(apply->root, path, O_PATH | O_DIRECTORY)
			     : fd_dup(apply->root);
		if (above >= 0 && mkdirat(above, base ? base + 1 : path, 0755) < 0 &&
		    errno != EEXIST)
			fd = -errno;
		else
			fd = above < 0 ? above : 0;
		if (base)
			*base = '/';
		if (slash)
			*slash = '/';
		if (fd < 0)
			return fd;
		if (!slash)
			return open_inside(apply->root, path, O_PATH | O_DIRECTORY);
	}
}

static void forget_parent(struct apply *apply)
{
	apply->parent = fd_close(apply->parent);
}

/* Opens the directory that holds the entry; *@ret_name is its name there. */
static int open_parent(struct apply *apply, const char **ret_name, struct error *err)
{
	char *slash = strrchr(apply->path, '/');
	size_t len = slash ? (size_t)(slash - apply->path) : 0;
	char path[LAYER_PATH_MAX + 1];
	struct stat st;
	int fd;

	*ret_name = slash ? slash + 1 : apply->path;
	if (apply->parent >= 0 && !apply->parent_stale && strlen(apply->parent_path) == len &&
	    memcmp(apply->parent_path, apply->path, len) == 0)
		return 0;
	(void)memcpy(path, apply->path, len);
	path[len] = '\0';
	fd = len > 0 ? open_or_make(apply, path) : fd_dup(apply->root);
	if (fd == -ENOTDIR)
		return error_set(err, ERROR_INVALID,
				 "entry \"%s\" lies below something that is no directory",
				 apply->path);
	if (fd < 0)
		return failed(apply, fd, "open the directory of", err);
	forget_parent(apply);
	apply->parent = fd;
	apply->parent_stale = false;
	if (fstat(fd, &st) < 0)
		return failed(apply, errno, "look at the directory of", err);
	apply->parent_setgid = st.st_mode & S_ISGID;
	(void)memcpy(apply->parent_path, path, len + 1);
	return 0;
}

/*
 * Something of the layer's own has the name already. It goes, whatever it is, but a directory that
 * a directory follows stays: 1. *@ret_whiteout: it was a whiteout.
 */
static int clear_place(struct apply *apply, const char *name, bool *ret_whiteout, struct error *err)
{
	struct stat st;
	int r;

	if (fstatat(apply->parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(apply, errno, "look at", err);
	if (S_ISDIR(st.st_mode) && apply->record.type == LAYER_DIRECTORY)
		return 1;
	if (apply->copy && !(apply->flags & COPY_OVERWRITE)) {
		if (S_ISDIR(st.st_mode))
			return error_set(err, ERROR_INVALID,
					 "cannot overwrite directory \"/%s\" with non-directory",
					 apply->path);
		if (apply->record.type == LAYER_DIRECTORY)
			return error_set(err, ERROR_INVALID,
					 "cannot overwrite non-directory \"/%s\" with directory",
					 apply->path);
	}
	*ret_whiteout = !apply->copy && S_ISCHR(st.st_mode) && st.st_rdev == 0;
	apply->parent_stale = true;
	r = tree_remove(apply->parent, name);
	if (r < 0)
		return failed(apply, r, "replace", err);
	return 0;
}

/* ---- what entries are given ---- */

static int set_xattrs(const struct apply *apply, int fd, struct error *err)
{
	const unsigned char *p = apply->xattrs;
	size_t left = apply->record.xattr_len;

	while (left > 0) {
		struct layer_xattr head;
		char name[XATTR_NAME_MAX + 1];

		if (left < sizeof(head))
			return error_set(err, ERROR_INVALID, "receive entries: bad attributes");
		(void)memcpy(&head, p, sizeof(head));
		if (head.name_len > XATTR_NAME_MAX || head.value_len > XATTR_SIZE_MAX ||
		    left - sizeof(head) < (size_t)head.name_len + head.value_len)
			return error_set(err, ERROR_INVALID, "receive entries: bad attributes");
		(void)memcpy(name, p + sizeof(head), head.name_len);
		name[head.name_len] = '\0';
		if (layer_xattr_allowed(name) != 1)
			return error_set(err, ERROR_INVALID, "receive entries: bad attributes");
		if (fsetxattr(fd, name, p + sizeof(head) + head.name_len, head.value_len, 0) < 0)
			return error_errno(err, errno, "set attribute %s of entry \"%s\"", name,
					   apply->path);
		p += sizeof(head) + head.name_len + head.value_len;
		left -= sizeof(head) + head.name_len + head.value_len;
	}
	return 0;
}

static bool needs_owner(const struct apply *apply)
{
	return apply->record.uid != 0 || apply->record.gid != 0 || apply->parent_setgid;
}

/* A change of owner takes set-id bits and capabilities away, so it comes first. @fresh: just made
 * with the permission bits. */
static int set_attributes(const struct apply *apply, int fd, bool fresh, struct error *err)
{
	const struct layer_record *record = &apply->record;

	if ((!fresh || needs_owner(apply)) && fchown(fd, record->uid, record->gid) < 0)
		return failed(apply, errno, "set the owner of", err);
	if ((!fresh || (record->mode & 07000) || apply->parent_setgid) &&
	    fchmod(fd, record->mode) < 0)
		return failed(apply, errno, "set the mode of", err);
	return set_xattrs(apply, fd, err);
}

static int set_opaque(const struct apply *apply, int fd, struct error *err)
{
	if (fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0)
		return failed(apply, errno, "hide what lies below", err);
	return 0;
}

static void entry_times(const struct apply *apply, struct timespec times[2])
{
	times[0] = times[1] = (struct timespec) {
		.tv_sec = (time_t)apply->record.mtime,
		.tv_nsec = (long)apply->record.mtime_ns,
	};
}

/* ---- one kind each ---- */

static int write_pieces(struct apply *apply, int fd, struct error *err)
{
	uint64_t at = 0, size = apply->record.size;

	for (;;) {
		struct layer_piece piece;
		int r = receive(apply, &piece, sizeof(piece), err);

		if (r < 0)
			return r;
		if (piece.len == 0)
			break;
		if (piece.offset < at || piece.offset > size || piece.len > size - piece.offset)
			return error_set(err, ERROR_INVALID,
					 "receive entries: a piece of \"%s\" makes no sense",
					 apply->path);
		if (piece.offset > at && lseek(fd, (off_t)piece.offset, SEEK_SET) < 0)
			return failed(apply, errno, "write", err);
		at = piece.offset + piece.len;
		while (piece.len > 0) {
			size_t n =
				(size_t)MIN(piece.len, (uint64_t)(apply->in_len - apply->in_pos));

			r = n == 0 ? fill(apply, err) : 0;
			if (r < 0)
				return r;
			r = fd_write_full(fd, apply->in + apply->in_pos, n);
			if (r < 0)
				return failed(apply, r, "write", err);
			apply->in_pos += n;
			piece.len -= n;
		}
	}
	if (at < size && ftruncate(fd, (off_t)size) < 0)
		return failed(apply, errno, "write", err);
	return 0;
}

static int make_file(struct apply *apply, const char *name, struct error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct timespec times[2];
	bool whiteout;
	auto_fd int fd = -EBADF;
	int r;

	fd = openat(apply->parent, name, flags, apply->record.mode & 0777);
	if (fd < 0 && errno == EEXIST) {
		r = clear_place(apply, name, &whiteout, err);
		if (r < 0)
			return r;
		fd = openat(apply->parent, name, flags, apply->record.mode & 0777);
	}
	if (fd < 0)
		return failed(apply, errno, "create", err);
	/* Before the data: a write takes the file's capabilities away, so they come after it. */
	r = write_pieces(apply, fd, err);
	if (r == 0)
		r = set_attributes(apply, fd, true, err);
	if (r < 0)
		return r;
	entry_times(apply, times);
	return futimens(fd, times) < 0 ? failed(apply, errno, "set the time of", err) : 0;
}

static int remember_times(struct apply *apply, struct error *err)
{
	struct stamp stamp = {.path_len = apply->record.path_len};

	if (apply->stamps.len + sizeof(stamp) + stamp.path_len > DIRECTORIES_BYTES)
		return error_set(err, ERROR_EXHAUSTED, "the layer has too many directories");
	entry_times(apply, stamp.times);
	str_append_mem(&apply->stamps, &stamp, sizeof(stamp));
	str_append_mem(&apply->stamps, apply->path, stamp.path_len);
	return 0;
}

static int make_directory(struct apply *apply, const char *name, struct error *err)
{
	bool whiteout = false, fresh = true;
	auto_fd int fd = -EBADF;
	int r;

	if (apply->record.path_len == 0) {
		fresh = false;
		name = ".";
	} else if (mkdirat(apply->parent, name, apply->record.mode & 01777) < 0) {
		if (errno != EEXIST)
			return failed(apply, errno, "create", err);
		r = clear_place(apply, name, &whiteout, err);
		if (r < 0)
			return r;
		fresh = r == 0;
		if (fresh && mkdirat(apply->parent, name, apply->record.mode & 01777) < 0)
			return failed(apply, errno, "create", err);
	}
	fd = openat(apply->record.path_len ? apply->parent : apply->root, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(apply, errno, "open", err);
	r = set_attributes(apply, fd, fresh, err);
	/* The whiteout hid all that the layers below had under this name; so must what replaces it.
	 */
	if (r == 0 && whiteout)
		r = set_opaque(apply, fd, err);
	if (r < 0)
		return r;
	/* Its own set-group-id bit may just have become another. */
	apply->parent_stale = true;
	return remember_times(apply, err);
}

static int make_hardlink(struct apply *apply, const char *name)
{
	char *slash = strrchr(apply->link, '/');
	auto_fd int from = -EBADF;

	if (slash)
		*slash = '\0';
	from = slash ? open_inside(apply->root, apply->link, O_PATH | O_DIRECTORY)
		     : fd_dup(apply->root);
	if (slash)
		*slash = '/';
	if (from < 0)
		return from;
	return linkat(from, slash ? slash + 1 : apply->link, apply->parent, name, 0) < 0 ? -errno
											 : 0;
}

/* Everything that one call makes and that has no content. */
static int make_node(struct apply *apply, const char *name)
{
	const struct layer_record *record = &apply->record;
	mode_t mode = record->mode;
	dev_t device = makedev(record->major, record->minor);
	int r;

	switch ((enum layer_type)record->type) {
	case LAYER_SYMLINK:
		r = symlinkat(apply->link, apply->parent, name);
		break;
	case LAYER_HARDLINK:
		return make_hardlink(apply, name);
	case LAYER_FIFO:
		r = mknodat(apply->parent, name, S_IFIFO | mode, 0);
		break;
	case LAYER_CHARACTER:
		r = mknodat(apply->parent, name, S_IFCHR | mode, device);
		break;
	case LAYER_BLOCK:
		r = mknodat(apply->parent, name, S_IFBLK | mode, device);
		break;
	case LAYER_END:
	case LAYER_FILE:
	case LAYER_DIRECTORY:
	case LAYER_WHITEOUT:
	case LAYER_OPAQUE:
	case LAYER_TYPE_COUNT:
	default:
		return -EINVAL;
	}
	return r < 0 ? -errno : 0;
}

static int make_other(struct apply *apply, const char *name, struct error *err)
{
	struct timespec times[2];
	bool whiteout;
	int r;

	r = make_node(apply, name);
	if (r == -EEXIST) {
		r = clear_place(apply, name, &whiteout, err);
		if (r < 0)
			return r;
		r = make_node(apply, name);
	}
	if (r == -ENOENT && apply->record.type == LAYER_HARDLINK)
		return error_set(err, ERROR_INVALID,
				 "entry \"%s\" is a hard link to \"%s\", which is not in the layer",
				 apply->path, apply->link);
	if (r < 0)
		return failed(apply, r, "create", err);
	/* A hard link has what its target was given. */
	if (apply->record.type == LAYER_HARDLINK)
		return 0;
	if (needs_owner(apply) && fchownat(apply->parent, name, apply->record.uid,
					   apply->record.gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(apply, errno, "set the owner of", err);
	entry_times(apply, times);
	if (utimensat(apply->parent, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(apply, errno, "set the time of", err);
	return 0;
}

/* What the layer itself has under the name stays: a whiteout is about the layers below. */
static int make_whiteout(struct apply *apply, const char *name, struct error *err)
{
	auto_fd int fd = -EBADF;

	if (mknodat(apply->parent, name, S_IFCHR, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return failed(apply, errno, "create a whiteout for", err);
	fd = openat(apply->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0
							  : failed(apply, errno, "look at", err);
	return set_opaque(apply, fd, err);
}

static int make_opaque(struct apply *apply, struct error *err)
{
	char path[LAYER_PATH_MAX + 1];
	auto_fd int place = -EBADF, fd = -EBADF;

	(void)memcpy(path, apply->path, apply->record.path_len + 1);
	place = path[0] ? open_or_make(apply, path) : fd_dup(apply->root);
	if (place < 0)
		return failed(apply, place, "open", err);
	fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed(apply, errno, "open", err);
	return set_opaque(apply, fd, err);
}

/* An entry of a copy that is not made: the directory itself that is copied to keeps what it has,
 * and devices are not for the machine. */
static bool leave_out(struct apply *apply)
{
	uint32_t type = apply->record.type;

	if (!apply->copy)
		return false;
	if (apply->record.path_len == 0)
		return true;
	if (!(apply->flags & COPY_TO_HOST) || (type != LAYER_CHARACTER && type != LAYER_BLOCK))
		return false;
	apply->skipped++;
	return true;
}

static int make_entry(struct apply *apply, struct error *err)
{
	const char *name = NULL;
	int r;

	if (leave_out(apply))
		return 0;
	if (apply->record.type == LAYER_OPAQUE)
		return make_opaque(apply, err);
	if (apply->record.path_len > 0) {
		r = open_parent(apply, &name, err);
		if (r < 0)
			return r;
	}
	if (apply->record.type == LAYER_FILE)
		return make_file(apply, name, err);
	if (apply->record.type == LAYER_DIRECTORY)
		return make_directory(apply, name, err);
	if (apply->record.type == LAYER_WHITEOUT)
		return make_whiteout(apply, name, err);
	return make_other(apply, name, err);
}

/* Later entries may have put something else in a directory's place; that keeps its own time. */
static int set_directory_times(struct apply *apply, struct error *err)
{
	for (size_t at = 0; at < apply->stamps.len;) {
		struct stamp stamp;
		auto_fd int fd = -EBADF;

		(void)memcpy(&stamp, apply->stamps.data + at, sizeof(stamp));
		at += sizeof(stamp);
		(void)memcpy(apply->path, apply->stamps.data + at, stamp.path_len);
		apply->path[stamp.path_len] = '\0';
		at += stamp.path_len;
		fd = stamp.path_len == 0
			     ? openat(apply->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			     : open_inside(apply->root, apply->path,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (fd >= 0 && futimens(fd, stamp.times) < 0)
			return failed(apply, errno, "set the time of", err);
	}
	return 0;
}

/* "copy", the directory, flags, "uid:gid" or "-". */
static int parse_copy(struct apply *apply, char **args, struct error *err)
{
	char *colon = args[1] && args[2] && args[3] ? strchr(args[3], ':') : NULL;
	bool valid = args[1] && args[2] && args[3] && strlen(args[1]) <= LAYER_PATH_MAX &&
		     (args[1][0] == '\0' || layer_path_valid(args[1], strlen(args[1]))) &&
		     parse_u32(args[2], 0, COPY_OVERWRITE | COPY_TO_HOST, &apply->flags) == 0;

	if (valid && !STREQ(args[3], "-")) {
		if (colon)
			*colon = '\0';
		valid = colon && parse_u32(args[3], 0, UINT32_MAX, &apply->uid) == 0 &&
			parse_u32(colon + 1, 0, UINT32_MAX, &apply->gid) == 0;
		apply->owned = true;
	}
	if (!valid)
		return error_set(err, ERROR_INVALID, "kist-worker apply copy: bad arguments");
	apply->copy = true;
	(void)memcpy(apply->base, args[1], strlen(args[1]) + 1);
	return 0;
}

static void report_end(const struct apply *apply)
{
	const struct copy_done done = {.entries = apply->result.entries, .skipped = apply->skipped};

	if (apply->copy)
		worker_send(WORKER_DONE, &done, sizeof(done));
	else
		worker_send(WORKER_DONE, &apply->result, sizeof(apply->result));
}

static int run(char **args, struct error *err)
{
	struct apply *apply = mem_new(struct apply); /* lives as long as the process */
	int r = 0;

	if (args[0] && STREQ(args[0], "copy"))
		r = parse_copy(apply, args, err);
	if (r < 0)
		return r;
	apply->root = ROOT;
	apply->parent = -EBADF;
	apply->xattrs = mem_alloc(LAYER_XATTRS_BYTES);
	for (;;) {
		r = receive_record(apply, err);
		if (r < 0)
			return r;
		if (apply->record.type == LAYER_END)
			break;
		r = make_entry(apply, err);
		if (r < 0)
			return r;
		apply->result.entries++;
	}
	r = set_directory_times(apply, err);
	if (r < 0)
		return r;
	report_end(apply);
	return 0;
}

/* A copy goes where volumes and other mounts are too. */
static int prepare(char **args, struct sandbox *sandbox, struct error *err UNUSED)
{
	sandbox->recursive = args[0] && STREQ(args[0], "copy");
	return 0;
}

static const int system_calls[] = {
	SYS_read,	SYS_write,	  SYS_close,	 SYS_lseek,	SYS_fstat,
	SYS_newfstatat, SYS_openat,	  SYS_openat2,	 SYS_mkdirat,	SYS_mknodat,
	SYS_linkat,	SYS_symlinkat,	  SYS_unlinkat,	 SYS_fchown,	SYS_fchownat,
	SYS_fchmod,	SYS_utimensat,	  SYS_fsetxattr, SYS_ftruncate, SYS_getdents64,
	SYS_fcntl,	SYS_brk,	  SYS_mmap,	 SYS_munmap,	SYS_mremap,
	SYS_madvise,	SYS_futex,	  SYS_getrandom, SYS_sendmsg,	SYS_exit,
	SYS_exit_group, SYS_rt_sigreturn, SYS_renameat2, SYS_geteuid,	SYS_getegid,
};

#define CAP(cap) (UINT64_C(1) << (cap))

const struct role role_apply = {
	.name = "apply",
	.sandbox =
		{
			/* CAP_SYS_ADMIN: the kernel asks for it where trusted.* is set; the calls
			 * that it is otherwise good for are not on the list. */
			.capabilities = CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER) |
					CAP(CAP_FSETID) | CAP(CAP_MKNOD) | CAP(CAP_SETFCAP) |
					CAP(CAP_SYS_ADMIN),
			.memory = 160u << 20,
			.system_calls = system_calls,
			.system_call_count = ARRAY_SIZE(system_calls),
		},
	.root = ROOT,
	.prepare = prepare,
	.run = run,
};
