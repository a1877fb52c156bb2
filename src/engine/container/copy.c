#include "engine/container/copy.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container/mount.h"
#include "engine/event.h"
#include "engine/user.h"
#include "io/worker.h"
#include "kern/resolve.h"
#include "store/layer-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LINKS_MAX 40
#define PIPE_SIZE (1 << 20)

/* ---- paths ---- */

/* Whether the last component is meant to be a directory: "a/", "a/." or the root. */
static bool wants_directory(const char *path)
{
	size_t len = strlen(path);

	return len == 0 || path[len - 1] == '/' || STREQ(path, ".") ||
	       (len > 1 && STREQ(path + len - 2, "/."));
}

/* Below the root, cleaned as Docker does, before any link is looked at: "a/b", "" for the root.
 * What asks for a directory goes on doing so. */
static char *clean_path(const char *path)
{
	auto_free char *rooted = mem_printf("/%s", path);
	auto_free char *clean = path_clean(rooted);

	if (STREQ(clean, "/"))
		return mem_strdup("");
	return mem_printf("%s%s", clean + 1, wants_directory(path) ? "/." : "");
}

/* Takes the last component off; "" stays. */
static void leave_directory(struct str *path)
{
	char *slash = path->data ? strrchr(path->data, '/') : NULL;

	path->len = slash ? (size_t)(slash - path->data) : 0;
	if (path->data)
		path->data[path->len] = '\0';
}

/* The text of the link @path below the root, or NULL if there is none there. */
static char *read_link(int root_fd, const char *path)
{
	auto_fd int fd = resolve_open(root_fd, path, O_PATH | O_NOFOLLOW);
	char target[PATH_MAX];
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);

	return n <= 0 ? NULL : mem_strndup(target, (size_t)n);
}

/*
 * Where @path leads, as text: all links followed, whether what they name is there or not. Nothing
 * is opened by it but by who may look at no more than the container's own (a client that asks
 * again).
 */
static char *follow_text(int root_fd, const char *path)
{
	auto_free char *rest = mem_strdup(path);
	auto_str done = {0};

	for (int links = 0; *rest;) {
		size_t len = strcspn(rest, "/");
		auto_free char *name = mem_strndup(rest, len);
		auto_free char *target = NULL, *next = NULL;

		next = mem_strdup(rest + len + strspn(rest + len, "/"));
		if (STREQ(name, "..")) {
			leave_directory(&done);
		} else if (len > 0 && !STREQ(name, ".")) {
			size_t before = done.len;

			str_append_format(&done, "%s%s", done.len > 0 ? "/" : "", name);
			target = links < LINKS_MAX ? read_link(root_fd, done.data) : NULL;
			if (target) {
				char *joined = mem_printf("%s/%s", target, next);

				links++;
				mem_freep(&next);
				next = joined;
				done.len = target[0] == '/' ? 0 : before;
				done.data[done.len] = '\0';
			}
		}
		mem_freep(&rest);
		rest = TAKE_PTR(next);
	}
	return mem_printf("/%s", str_text(&done));
}

static int no_such_file(const struct container *container, const char *path, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "Could not find the file %s in container %s", path,
			 container->name);
}

static int look_failed(const struct container *container, const char *path, int errnum,
		       struct error *err)
{
	if (errnum == -ENOENT || errnum == -ENOTDIR)
		return no_such_file(container, path, err);
	return error_errno(err, errnum, "look at %s in container %s", path, container->name);
}

int container_path_stat(const struct container_view *view, const struct container *container,
			const char *path, struct path_stat *ret, struct error *err)
{
	auto_free char *clean = clean_path(path);
	bool whole = wants_directory(clean);
	auto_fd int fd = resolve_open(view->tree_fd, clean, O_PATH | (whole ? 0 : O_NOFOLLOW));
	const char *slash;
	struct stat st;

	if (fd < 0)
		return look_failed(container, path, fd, err);
	if (fstat(fd, &st) < 0)
		return look_failed(container, path, -errno, err);
	if (str_ends(clean, "/."))
		clean[strlen(clean) - 2] = '\0';
	slash = strrchr(clean, '/');
	*ret = (struct path_stat) {
		.name = mem_strdup(!*clean ? "/"
				   : slash ? slash + 1
					   : clean),
		.size = (uint64_t)st.st_size,
		.mode = st.st_mode,
		.mtime = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
		.link_target =
			S_ISLNK(st.st_mode) ? follow_text(view->tree_fd, clean) : mem_strdup(""),
	};
	return 0;
}

void path_stat_release(struct path_stat *stat)
{
	mem_freep(&stat->name);
	mem_freep(&stat->link_target);
}

/* ---- out ---- */

int archive_folder_begin(int dir_fd, const char *name, const char *rename, int out_fd,
			 struct archive_writer *ret, struct error *err)
{
	char *const args[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)rename, NULL};

	return worker_start(WORKER_ARCHIVE, args, (int[]) {out_fd, dir_fd}, 2, &ret->worker, err);
}

int container_archive_begin(const struct container_view *view, const struct container *container,
			    const char *path, const char *rename, int out_fd,
			    struct archive_writer *ret, struct error *err)
{
	auto_free char *clean = clean_path(path);
	auto_path_stat stat = {0};
	const char *name = rename;
	int r;

	r = container_path_stat(view, container, path, &stat, err);
	if (r < 0)
		return r;
	if (!name)
		name = str_ends(path, "/.") || STREQ(path, ".") || !*clean ? "." : stat.name;
	return archive_folder_begin(view->tree_fd, clean, name, out_fd, ret, err);
}

int archive_writer_end(struct archive_writer *writer, uint64_t *ret_bytes, struct error *err)
{
	struct archive_done done = {0};
	int r;

	r = worker_wait(&writer->worker, NULL, 0, &done, sizeof(done), err);
	if (r == 0 && ret_bytes)
		*ret_bytes = done.bytes;
	return r;
}

void archive_writer_release(struct archive_writer *writer)
{
	worker_release(&writer->worker);
}

int container_archive_out(struct engine *engine, const struct container_view *view,
			  const struct container *container, const struct archive_wanted *wanted,
			  uint64_t *ret_bytes, struct error *err)
{
	auto_archive_writer writer = ARCHIVE_WRITER_NONE;
	int r;

	r = container_archive_begin(view, container, wanted->path, wanted->rename, wanted->out_fd,
				    &writer, err);
	if (r == 0)
		r = archive_writer_end(&writer, ret_bytes, err);
	if (r < 0)
		return error_prefix(err, "copy %s from container %s", wanted->path,
				    container->name);
	event_container(engine, container, "archive-path", NULL, 0);
	return 0;
}

/* ---- in ---- */

/* What to unpack where, for the two workers. */
struct unpacking {
	int root_fd;
	const char *base;  /* below it */
	unsigned flags;	   /* enum copy_flags */
	const char *owner; /* "uid:gid" or "-" */
	int in_fd;
};

static int start_workers(const struct unpacking *unpacking, struct worker *unpack,
			 struct worker *apply, struct error *err)
{
	auto_free char *flags = mem_printf("%u", unpacking->flags);
	char *const apply_args[] = {(char *)(uintptr_t) "copy", (char *)(uintptr_t)unpacking->base,
				    flags, (char *)(uintptr_t)unpacking->owner, NULL};
	char *const unpack_args[] = {(char *)(uintptr_t) "copy", NULL};
	auto_fd int from = -EBADF, to = -EBADF;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "make a pipe");
	from = ends[0];
	to = ends[1];
	(void)fcntl(to, F_SETPIPE_SZ, PIPE_SIZE);
	r = worker_start(WORKER_APPLY, apply_args, (int[]) {from, unpacking->root_fd}, 2, apply,
			 err);
	if (r == 0)
		r = worker_start(WORKER_UNPACK, unpack_args, (int[]) {unpacking->in_fd, to}, 2,
				 unpack, err);
	return r;
}

/* When one of them fails because the other has gone, what the other says is the reason. */
static int unpack(const struct unpacking *unpacking, uint64_t *ret_skipped, struct error *err)
{
	auto_worker unpack = WORKER_NONE, apply = WORKER_NONE;
	struct copy_done read = {0}, made = {0};
	auto_error why = {0}, other = {0};
	int r;

	r = start_workers(unpacking, &unpack, &apply, err);
	if (r < 0)
		return r;
	r = worker_wait(&unpack, NULL, 0, &read, sizeof(read), &why);
	if (r < 0 && why.kind != ERROR_UNAVAILABLE)
		return error_move(err, &why);
	r = worker_wait(&apply, NULL, 0, &made, sizeof(made), &other);
	if (r < 0)
		return error_move(err, &other);
	if (why.kind != ERROR_NONE)
		return error_move(err, &why);
	if (ret_skipped)
		*ret_skipped = made.skipped;
	return 0;
}

/* Docker's two sentences for what cannot be written to. */
static int check_writable(const struct container_view *view, const struct container *container,
			  int place, struct error *err)
{
	struct statx here, root;
	struct statvfs fs;

	if (statx(place, "", AT_EMPTY_PATH, STATX_MNT_ID, &here) < 0 ||
	    statx(view->tree_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0 ||
	    fstatvfs(place, &fs) < 0)
		return error_errno(err, errno, "look at container %s", container->name);
	if (here.stx_mnt_id == root.stx_mnt_id && container->config.read_only)
		return error_set(err, ERROR_DENIED, "container rootfs is marked read-only");
	if (fs.f_flag & ST_RDONLY)
		return error_set(err, ERROR_DENIED, "mounted volume is marked read-only");
	return 0;
}

/* "uid:gid" of the container's user. */
static int find_owner(const struct container_view *view, const struct container *container,
		      char **ret, struct error *err)
{
	struct user user;
	int r;

	r = user_resolve(view->tree_fd, container->config.user, NULL, &user, err);
	if (r == 0)
		*ret = mem_printf("%u:%u", user.uid, user.gid);
	return r;
}

int container_archive_in(struct engine *engine, const struct container_view *view,
			 const struct container *container, const char *path, int in_fd,
			 unsigned flags, struct error *err)
{
	auto_free char *clean = clean_path(path), *owner = NULL;
	auto_fd int place = resolve_open(view->tree_fd, clean, O_PATH);
	struct unpacking unpacking = {.root_fd = view->tree_fd, .owner = "-", .in_fd = in_fd};
	struct stat st;
	int r;

	if (place < 0 || fstat(place, &st) < 0)
		return look_failed(container, path, place < 0 ? place : -errno, err);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INVALID, "extraction point is not a directory");
	r = check_writable(view, container, place, err);
	if (r == 0 && (flags & ARCHIVE_CHOWN) && container->config.user)
		r = find_owner(view, container, &owner, err);
	if (r < 0)
		return r;
	/* From here on "." and what follows it are of no use. */
	if (str_ends(clean, "/."))
		clean[strlen(clean) - 2] = '\0';
	unpacking.base = clean;
	unpacking.flags = flags & ARCHIVE_OVERWRITE ? COPY_OVERWRITE : 0;
	if (owner)
		unpacking.owner = owner;
	r = unpack(&unpacking, NULL, err);
	if (r < 0)
		return error_prefix(err, "copy to %s in container %s", path, container->name);
	event_container(engine, container, "extract-to-dir", NULL, 0);
	return 0;
}

int archive_in_folder(int dir_fd, const char *path, int in_fd, uint64_t *ret_skipped,
		      struct error *err)
{
	const struct unpacking unpacking = {
		.root_fd = dir_fd, .base = "", .flags = COPY_TO_HOST, .owner = "-", .in_fd = in_fd};
	int r = unpack(&unpacking, ret_skipped, err);

	return r < 0 ? error_prefix(err, "copy to %s", path) : 0;
}
