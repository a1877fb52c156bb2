/*
 * kist cp: files between a container and this machine.
 *
 * What goes where is Docker's: the meaning of a slash or "/." at the end of a path, of a
 * destination that is a directory, a file, a link or nothing. Both sides are tar streams between
 * workers; this file only decides which directory is unpacked into, and under which name.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/kist.h"
#include "engine/container/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cp_values {
	bool archive, follow, quiet;
};

static const struct option options[] = {
	{"archive", 'a', OPTION_BOOL, offsetof(struct cp_values, archive), NULL,
	 "Archive mode (copy all uid/gid information)"},
	{"follow-link", 'L', OPTION_BOOL, offsetof(struct cp_values, follow), NULL,
	 "Always follow symbol link in SRC_PATH"},
	{"quiet", 'q', OPTION_BOOL, offsetof(struct cp_values, quiet), NULL,
	 "Suppress progress output during copy. Progress output is automatically suppressed if no "
	 "terminal is attached"},
	{NULL},
};

/* One side of a copy. */
struct place {
	char *path; /* as given; where a link was followed, what it leads to */
	char *name; /* under which it is copied, if not its last component */
	bool exists, is_directory;
};

static void place_release(struct place *place)
{
	mem_freep(&place->path);
	mem_freep(&place->name);
}
#define auto_place CLEANUP(place_release) struct place

/* ---- paths, as text ---- */

/* "/." at the end, or "." alone: the content of the directory. */
static bool means_content(const char *path)
{
	return STREQ(path, ".") || str_ends(path, "/.");
}

static bool asserts_directory(const char *path)
{
	return str_ends(path, "/") || means_content(path);
}

/* Without slashes and "/." at the end; "/" stays. Owned. */
static char *trimmed(const char *path)
{
	size_t len = strlen(path);

	for (;;) {
		bool slash = len > 1 && path[len - 1] == '/';

		if (!slash && !(len > 1 && path[len - 1] == '.' && path[len - 2] == '/'))
			return mem_strndup(path, len);
		len--;
	}
}

/* The last component, "." for the content of a directory, "/" for the root. Owned. */
static char *base_of(const char *path)
{
	auto_free char *whole = trimmed(path);
	const char *slash = strrchr(whole, '/');

	if (means_content(path))
		return mem_strdup(".");
	if (STREQ(whole, "/"))
		return mem_strdup("/");
	return mem_strdup(slash ? slash + 1 : whole);
}

/* The directory that it is in. Owned. */
static char *directory_of(const char *path)
{
	auto_free char *whole = trimmed(path);
	char *slash = strrchr(whole, '/');

	if (!slash)
		return mem_strdup(".");
	if (slash == whole)
		return mem_strdup("/");
	*slash = '\0';
	return TAKE_PTR(whole);
}

/*
 * Where an archive of @from goes: the directory to unpack into, and the name of its first entry.
 * Both owned by the caller.
 */
static int decide(const struct place *from, const struct place *to, char **ret_directory,
		  char **ret_name, struct error *err)
{
	if (to->exists && to->is_directory) {
		*ret_directory = mem_strdup(to->path);
		*ret_name = from->name ? mem_strdup(from->name) : base_of(from->path);
		if (STREQ(*ret_name, "/"))
			(*ret_name)[0] = '.';
		return 0;
	}
	if (to->exists && from->is_directory)
		return error_set(err, ERROR_INVALID, "cannot copy directory");
	if (!from->is_directory && asserts_directory(to->path))
		return error_set(err, ERROR_NOT_FOUND, "no such directory");
	*ret_directory = directory_of(to->path);
	*ret_name = base_of(to->path);
	if (STREQ(*ret_name, ".")) {
		auto_free char *whole = trimmed(to->path);

		mem_freep(ret_name);
		*ret_name = base_of(whole);
	}
	return 0;
}

/* ---- this machine ---- */

/* What @path is, as the one to copy from. With @follow a link is what it leads to. */
static int look_at_source(const char *path, bool follow, struct place *ret, struct error *err)
{
	bool through = follow || asserts_directory(path);
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, through ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, "lstat %s", path);
	*ret = (struct place) {.exists = true, .is_directory = S_ISDIR(st.st_mode)};
	if (asserts_directory(path) && !ret->is_directory)
		return error_set(err, ERROR_INVALID, "%s: not a directory", path);
	if (!through) {
		ret->path = mem_strdup(path);
		return 0;
	}
	/* It keeps the name that it was asked for by. */
	auto_free char *real = realpath(path, NULL);

	if (!real)
		return error_errno(err, errno, "follow %s", path);
	ret->path = means_content(path) ? mem_printf("%s/.", real) : mem_strdup(real);
	if (!means_content(path)) {
		auto_free char *whole = trimmed(path);

		ret->name = base_of(whole);
		/* "..": it has no name of its own there. */
		if (STREQ(ret->name, "..") || STREQ(ret->name, "."))
			mem_freep(&ret->name);
	}
	return 0;
}

/* What @path is, as the one to copy to: links are followed, also one to nothing. */
static int look_at_destination(const char *path, struct place *ret, struct error *err)
{
	auto_free char *parent = NULL, *at = mem_strdup(path);
	char target[PATH_MAX];
	struct stat st;

	*ret = (struct place) {0};
	for (int links = 0;; links++) {
		auto_free char *whole = trimmed(at), *folder = directory_of(at), *next = NULL;
		ssize_t n;

		if (fstatat(AT_FDCWD, whole, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISLNK(st.st_mode) || links == 40)
			break;
		n = readlinkat(AT_FDCWD, whole, target, sizeof(target) - 1);
		if (n < 0)
			return error_errno(err, errno, "read link %s", whole);
		target[n] = '\0';
		next = target[0] == '/' ? mem_strdup(target) : mem_printf("%s/%s", folder, target);
		mem_freep(&at);
		at = TAKE_PTR(next);
	}
	ret->exists = fstatat(AT_FDCWD, at, &st, 0) == 0;
	ret->is_directory = ret->exists && S_ISDIR(st.st_mode);
	if (ret->exists && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "invalid output path: %s is no regular file",
				 path);
	parent = directory_of(at);
	if (!ret->exists && fstatat(AT_FDCWD, parent, &st, 0) < 0)
		return error_set(err, ERROR_NOT_FOUND,
				 "invalid output path: directory \"%s\" does not exist", parent);
	ret->path = TAKE_PTR(at);
	return 0;
}

static int open_folder(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, errno, "open directory %s", path) : fd;
}

/* ---- a tar stream from one side to the other ---- */

static int open_pipe(int *ret_read, int *ret_write, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "make a pipe");
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

/* Both sides have ended, the reader with @read (and @why). A writer whose reader has gone has
 * nothing to add; otherwise an archive that is cut short is the writer's fault. */
static int join(struct archive_writer *writer, int read, struct error *why, uint64_t *ret_bytes,
		struct error *err)
{
	auto_error other = {0};
	int r = archive_writer_end(writer, ret_bytes, &other);

	if (r < 0 && (other.kind != ERROR_UNAVAILABLE || read == 0))
		return error_move(err, &other);
	return read < 0 ? error_move(err, why) : 0;
}

/* ---- container to machine ---- */

/* -L: what a link leads to, under the link's name. */
static int follow_in_container(const struct container_view *view, const struct container *container,
			       struct place *from, struct error *err)
{
	auto_path_stat stat = {0};
	int r;

	r = container_path_stat(view, container, from->path, &stat, err);
	if (r < 0)
		return r;
	from->is_directory = S_ISDIR(stat.mode);
	if (!S_ISLNK(stat.mode) || !*stat.link_target)
		return 0;
	from->name = base_of(from->path);
	mem_freep(&from->path);
	from->path = mem_strdup(stat.link_target);
	path_stat_release(&stat);
	r = container_path_stat(view, container, from->path, &stat, err);
	if (r == 0)
		from->is_directory = S_ISDIR(stat.mode);
	return r;
}

static int receive(const struct container_view *view, const struct container *container,
		   const struct place *from, const char *target, uint64_t *ret_bytes,
		   struct error *err)
{
	auto_archive_writer writer = ARCHIVE_WRITER_NONE;
	auto_free char *directory = NULL, *name = NULL;
	auto_fd int in = -EBADF, out = -EBADF, folder = -EBADF;
	auto_error why = {0};
	auto_place to = {0};
	uint64_t skipped = 0;
	int r;

	r = look_at_destination(target, &to, err);
	if (r == 0)
		r = decide(from, &to, &directory, &name, err);
	if (r < 0)
		return r;
	folder = open_folder(directory, err);
	if (folder < 0)
		return folder;
	r = open_pipe(&in, &out, err);
	if (r == 0)
		r = container_archive_begin(view, container, from->path, name, out, &writer, err);
	if (r < 0)
		return r;
	out = fd_close(out);
	r = archive_in_folder(folder, target, in, &skipped, &why);
	in = fd_close(in);
	r = join(&writer, r, &why, ret_bytes, err);
	if (skipped > 0)
		(void)fprintf(stderr,
			      "WARNING: %llu device files were left out: they are not made outside "
			      "of containers\n",
			      (unsigned long long)skipped);
	return r;
}

static int copy_from(struct engine *engine, const struct container *container, const char *source,
		     const char *target, bool follow, uint64_t *ret_bytes, struct error *err)
{
	auto_container_view view = CONTAINER_VIEW_NONE;
	auto_place from = {.path = mem_strdup(source), .exists = true};
	auto_path_stat stat = {0};
	int r;

	r = container_view_open(engine, container, VIEW_READ, &view, err);
	if (r == 0 && follow)
		r = follow_in_container(&view, container, &from, err);
	if (r == 0)
		r = container_path_stat(&view, container, from.path, &stat, err);
	if (r < 0)
		return r;
	from.is_directory = S_ISDIR(stat.mode);
	if (STREQ(target, "-"))
		return container_archive_out(
			engine, &view, container,
			&(struct archive_wanted) {from.path, from.name, STDOUT_FILENO}, ret_bytes,
			err);
	return receive(&view, container, &from, target, ret_bytes, err);
}

/* ---- machine to container ---- */

/* What the destination in the container is. A link at its end is followed, also one to nothing. */
static int look_in_container(const struct container_view *view, const struct container *container,
			     const char *path, struct place *ret, struct error *err)
{
	auto_path_stat stat = {0};
	auto_error why = {0};
	int r;

	*ret = (struct place) {.path = mem_strdup(path)};
	r = container_path_stat(view, container, path, &stat, &why);
	if (r == 0 && S_ISLNK(stat.mode)) {
		mem_freep(&ret->path);
		ret->path = mem_strdup(stat.link_target);
		path_stat_release(&stat);
		r = container_path_stat(view, container, ret->path, &stat, &why);
	}
	if (r < 0)
		return why.kind == ERROR_NOT_FOUND ? 0 : error_move(err, &why);
	if (!S_ISDIR(stat.mode) && !S_ISREG(stat.mode))
		return error_set(err, ERROR_INVALID,
				 "destination \"%s:%s\" must be a directory or a regular file",
				 container->name, path);
	ret->exists = true;
	ret->is_directory = S_ISDIR(stat.mode);
	return 0;
}

struct delivery {
	struct place from; /* on this machine */
	struct place to;   /* in the container */
	unsigned flags;	   /* enum archive_flags */
};

static void delivery_release(struct delivery *delivery)
{
	place_release(&delivery->from);
	place_release(&delivery->to);
}

static int deliver(struct engine *engine, const struct container_view *view,
		   const struct container *container, const struct delivery *delivery,
		   uint64_t *ret_bytes, struct error *err)
{
	const struct place *from = &delivery->from;
	auto_free char *directory = NULL, *name = NULL, *above = NULL, *base = NULL;
	auto_archive_writer writer = ARCHIVE_WRITER_NONE;
	auto_fd int in = -EBADF, out = -EBADF, folder = -EBADF;
	auto_error why = {0};
	int r;

	r = decide(from, &delivery->to, &directory, &name, err);
	if (r < 0)
		return r;
	/* A directory is its own root: what it is called does not matter. */
	above = from->is_directory ? mem_strdup(from->path) : directory_of(from->path);
	base = from->is_directory ? mem_strdup("") : base_of(from->path);
	folder = open_folder(above, err);
	if (folder < 0)
		return folder;
	r = open_pipe(&in, &out, err);
	if (r == 0)
		r = archive_folder_begin(folder, base, name, out, &writer, err);
	if (r < 0)
		return r;
	out = fd_close(out);
	r = container_archive_in(engine, view, container, directory, in, delivery->flags, &why);
	in = fd_close(in);
	return join(&writer, r, &why, ret_bytes, err);
}

static int copy_to(struct engine *engine, const struct container *container, const char *source,
		   const char *target, const struct cp_values *values, uint64_t *ret_bytes,
		   struct error *err)
{
	CLEANUP(delivery_release)
	struct delivery delivery = {.flags = values->archive ? ARCHIVE_CHOWN : 0};
	auto_container_view view = CONTAINER_VIEW_NONE;
	int r = 0;

	if (!STREQ(source, "-"))
		r = look_at_source(source, values->follow, &delivery.from, err);
	if (r == 0)
		r = container_view_open(engine, container, VIEW_WRITE, &view, err);
	if (r == 0)
		r = look_in_container(&view, container, target, &delivery.to, err);
	if (r < 0)
		return r;
	if (!STREQ(source, "-"))
		return deliver(engine, &view, container, &delivery, ret_bytes, err);
	if (!delivery.to.is_directory)
		return error_set(err, ERROR_INVALID, "destination \"%s:%s\" must be a directory",
				 container->name, target);
	return container_archive_in(engine, &view, container, delivery.to.path, STDIN_FILENO,
				    delivery.flags, err);
}

/* ---- arguments ---- */

/* "container:path", or a path of this machine: an absolute one, or one that begins with a dot. *
 * @ret_container is NULL then; else owned by the caller. */
static const char *split(const char *argument, char **ret_container)
{
	const char *colon = strchr(argument, ':');

	*ret_container = NULL;
	if (argument[0] == '/' || argument[0] == '.' || !colon)
		return argument;
	*ret_container = mem_strndup(argument, (size_t)(colon - argument));
	return colon + 1;
}

static int check(const char *from, const char *from_path, const char *to, const char *to_path,
		 struct error *err)
{
	if (!*from_path)
		return error_set(err, ERROR_INVALID, "source can not be empty");
	if (!*to_path)
		return error_set(err, ERROR_INVALID, "destination can not be empty");
	if (from && to)
		return error_set(err, ERROR_INVALID, "copying between containers is not supported");
	if (!from && !to)
		return error_set(err, ERROR_INVALID, "must specify at least one container source");
	if (from && STREQ(to_path, "-") && isatty(STDOUT_FILENO))
		return error_set(err, ERROR_INVALID,
				 "refusing to copy a tar archive to a terminal: redirect it");
	return 0;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct cp_values *values = data;
	auto_free char *from = NULL, *to = NULL;
	const char *from_path = split(invocation->operands[0], &from);
	const char *to_path = split(invocation->operands[1], &to);
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	auto_error err = {0};
	char size[TIME_HUMAN_SIZE];
	uint64_t bytes = 0;
	int r;

	r = check(from, from_path, to, to_path, &err);
	if (r == 0)
		r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_find(&engine, from ? from : to, &container, &err);
	if (r == 0)
		r = from ? copy_from(&engine, &container, from_path, to_path, values->follow,
				     &bytes, &err)
			 : copy_to(&engine, &container, from_path, to_path, values, &bytes, &err);
	if (r < 0)
		return kist_fail(&err);
	if (!values->quiet && isatty(STDOUT_FILENO))
		(void)fprintf(stderr, "Successfully copied %s to %s\n", size_human(bytes, 3, size),
			      invocation->operands[1]);
	return 0;
}

const struct command command_cp = {
	.name = "cp",
	.usage = "[OPTIONS] [CONTAINER:]SRC_PATH|- [CONTAINER:]DEST_PATH|-",
	.summary = "Copy files/folders between a container and the local filesystem",
	.options = options,
	.values_size = sizeof(struct cp_values),
	.operands_min = 2,
	.operands_max = 2,
	.run = run,
};
