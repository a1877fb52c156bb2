/*
 * Role archive: writes what lies below a folder as a tar archive. The folder is the only thing it
 * sees, read-only, and its only right is to read.
 *
 * Theory of operation: names are of the container's, and change while they are read. The first is
 * resolved inside the root as Docker does, following links but not one that is the last component;
 * from its directory on no link is followed at all. What a descriptor says is what is written. A
 * file that shrinks is filled up with zeros, one that grows is cut, one that goes is left out.
 *
 * Arguments: the path below the root ("" is the root itself), and the name that stands for it in
 * the archive. Descriptors from WORKER_FIRST: where to write, the root.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "cmd/worker/worker.h"
#include "codec/tar-write.h"
#include "io/worker.h"
#include "store/layer-wire.h"

#include <dirent.h>
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

#define OUT	     (WORKER_FIRST)
#define ROOT	     (WORKER_FIRST + 1)

#define BUFFER_SIZE  (256u << 10)
#define LINKS_BYTES  (32u << 20) /* of names of files that have several */
#define LINKS_FIRST  256
#define XATTRS_BYTES (64u << 10)
#define XATTRS_MAX   64

/* The name under which a file with several was written first. */
struct link {
	dev_t device;
	ino_t inode;
	char *name; /* NULL: a free place */
};

struct archive {
	int top;	 /* the directory that the first name is in */
	struct str path; /* below @top */
	struct str name; /* in the archive */
	struct str out;
	struct link *links;
	size_t link_count, link_size, link_bytes;
	struct archive_done result;
	char buffer[BUFFER_SIZE];
};

static int failed(const struct archive *archive, int errnum, const char *what, struct error *err)
{
	return error_errno(err, errnum, "%s \"%s\"", what, str_text(&archive->name));
}

/* ---- output ---- */

static int write_out(const void *data, size_t len, struct error *err)
{
	int r = fd_write_full(OUT, data, len);

	if (r == -EPIPE)
		return error_set(err, ERROR_UNAVAILABLE, "write the archive: nobody reads it");
	return r < 0 ? error_errno(err, r, "write the archive") : 0;
}

static int flush(struct archive *archive, struct error *err)
{
	int r = archive->out.len > 0 ? write_out(archive->out.data, archive->out.len, err) : 0;

	str_clear(&archive->out);
	return r;
}

static int flush_full(struct archive *archive, struct error *err)
{
	return archive->out.len >= BUFFER_SIZE ? flush(archive, err) : 0;
}

static int write_zeros(struct archive *archive, uint64_t count, struct error *err)
{
	int r = 0;

	(void)memset(archive->buffer, 0, sizeof(archive->buffer));
	for (; r == 0 && count > 0; r = flush_full(archive, err)) {
		size_t n = (size_t)MIN(count, (uint64_t)sizeof(archive->buffer));

		str_append_mem(&archive->out, archive->buffer, n);
		count -= n;
	}
	return r;
}

/* ---- files with several names ---- */

static size_t link_place(const struct link *links, size_t size, dev_t device, ino_t inode)
{
	size_t at = (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) ^ device) % size;

	while (links[at].name && (links[at].device != device || links[at].inode != inode))
		at = (at + 1) % size;
	return at;
}

static void grow_links(struct archive *archive)
{
	size_t size = archive->link_size ? archive->link_size * 2 : LINKS_FIRST;
	struct link *links = mem_zero(size, sizeof(*links));

	for (size_t i = 0; i < archive->link_size; i++) {
		const struct link *link = &archive->links[i];

		if (link->name)
			links[link_place(links, size, link->device, link->inode)] = *link;
	}
	free(archive->links);
	archive->links = links;
	archive->link_size = size;
}

/* The name that the file has been written under, or NULL: then it is written now, and remembered
 * unless there are too many. */
static const char *written_before(struct archive *archive, const struct stat *st)
{
	struct link *link;

	if (st->st_nlink < 2 || S_ISDIR(st->st_mode))
		return NULL;
	if (archive->link_count * 2 >= archive->link_size)
		grow_links(archive);
	link = &archive->links[link_place(archive->links, archive->link_size, st->st_dev,
					  st->st_ino)];
	if (link->name)
		return link->name;
	if (archive->link_bytes + archive->name.len > LINKS_BYTES)
		return NULL;
	*link = (struct link) {st->st_dev, st->st_ino, mem_strdup(str_text(&archive->name))};
	archive->link_bytes += archive->name.len;
	archive->link_count++;
	return NULL;
}

/* ---- one entry ---- */

struct xattrs {
	char names[XATTRS_BYTES], values[XATTRS_BYTES];
	struct tar_xattr v[XATTRS_MAX];
	size_t n;
};

/* Those that an image may have; what does not fit is left out. */
static void read_xattrs(int fd, struct xattrs *ret)
{
	ssize_t len = flistxattr(fd, ret->names, sizeof(ret->names));
	size_t used = 0;

	ret->n = 0;
	for (const char *name = ret->names; len > 0 && name < ret->names + len;
	     name += strlen(name) + 1) {
		ssize_t size;

		if (layer_xattr_allowed(name) != 1 || ret->n == XATTRS_MAX)
			continue;
		size = fgetxattr(fd, name, ret->values + used, sizeof(ret->values) - used);
		if (size < 0)
			continue;
		ret->v[ret->n++] = (struct tar_xattr) {name, ret->values + used, (size_t)size};
		used += (size_t)size;
	}
}

static struct tar_entry entry_of(const struct archive *archive, const struct stat *st)
{
	return (struct tar_entry) {
		.path = str_text(&archive->name),
		.link = "",
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = st->st_mtim.tv_sec,
	};
}

static int write_entry(struct archive *archive, const struct tar_entry *entry, struct error *err)
{
	archive->result.entries++;
	tar_write_header(entry, &archive->out);
	return flush_full(archive, err);
}

static int write_data(struct archive *archive, int fd, uint64_t size, struct error *err)
{
	uint64_t left = size;

	archive->result.bytes += size;
	while (left > 0) {
		size_t want = (size_t)MIN(left, (uint64_t)sizeof(archive->buffer));
		ssize_t n = read(fd, archive->buffer, want);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(archive, errno, "read", err);
		if (n == 0)
			break;
		str_append_mem(&archive->out, archive->buffer, (size_t)n);
		left -= (size_t)n;
		r = flush_full(archive, err);
		if (r < 0)
			return r;
	}
	return write_zeros(archive, left + tar_padding(size), err);
}

static int archive_file(struct archive *archive, int dir_fd, const char *base, struct error *err)
{
	static struct xattrs xattrs;
	auto_fd int fd =
		openat(dir_fd, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct tar_entry entry;
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(archive, errno, "open", err);
	if (!S_ISREG(st.st_mode))
		return 0;
	entry = entry_of(archive, &st);
	entry.type = TAR_FILE;
	entry.size = (uint64_t)st.st_size;
	read_xattrs(fd, &xattrs);
	entry.xattrs = xattrs.v;
	entry.xattr_count = xattrs.n;
	r = write_entry(archive, &entry, err);
	return r < 0 ? r : write_data(archive, fd, entry.size, err);
}

static int archive_link(struct archive *archive, int dir_fd, const char *base,
			const struct stat *st, struct error *err)
{
	struct tar_entry entry = entry_of(archive, st);
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, base, target, sizeof(target) - 1);

	if (n < 0 && (errno == ENOENT || errno == EINVAL))
		return 0;
	if (n < 0)
		return failed(archive, errno, "read", err);
	target[n] = '\0';
	entry.type = TAR_SYMLINK;
	entry.link = target;
	return write_entry(archive, &entry, err);
}

/* What has neither content nor a name it points to. */
static int archive_node(struct archive *archive, const struct stat *st, struct error *err)
{
	struct tar_entry entry = entry_of(archive, st);

	if (S_ISSOCK(st->st_mode))
		return 0;
	entry.type = S_ISCHR(st->st_mode)   ? TAR_CHARACTER
		     : S_ISBLK(st->st_mode) ? TAR_BLOCK_DEVICE
					    : TAR_FIFO;
	entry.major = major(st->st_rdev);
	entry.minor = minor(st->st_rdev);
	return write_entry(archive, &entry, err);
}

/* ---- the tree ---- */

static int open_how(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir_fd, *path ? path : ".", &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* The directory at hand, below the one we began with: never by a link. */
static int open_here(const struct archive *archive)
{
	return open_how(archive->top, str_text(&archive->path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static int read_names(int fd, struct strv *ret)
{
	struct dirent *entry;
	int copy = fd_dup(fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir) {
		int r = copy < 0 ? copy : -errno;

		(void)fd_close(copy);
		return r;
	}
	while ((entry = readdir(dir)))
		if (!STREQ(entry->d_name, ".") && !STREQ(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	(void)closedir(dir);
	strv_sort(ret);
	return 0;
}

static int archive_any(struct archive *archive, int dir_fd, const char *base, struct error *err);

static void cut(struct str *str, size_t len)
{
	str->len = len;
	if (str->data)
		str->data[len] = '\0';
}

/* Its entries, one after the other. Of a deep tree only two directories are open at a time: the
 * others are found again by their paths. */
static int archive_names(struct archive *archive, const struct strv *names, struct error *err)
{
	size_t path_len = archive->path.len, name_len = archive->name.len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++) {
		auto_fd int here = open_here(archive);

		/* The directory was moved away or replaced. */
		if (here == -ENOENT || here == -ELOOP || here == -ENOTDIR || here == -EXDEV)
			break;
		if (here < 0)
			return failed(archive, here, "open", err);
		str_append_format(&archive->path, "%s%s", path_len ? "/" : "", names->v[i]);
		str_append_format(&archive->name, "/%s", names->v[i]);
		r = archive_any(archive, here, names->v[i], err);
		cut(&archive->path, path_len);
		cut(&archive->name, name_len);
	}
	return r;
}

static int archive_directory(struct archive *archive, int dir_fd, const char *base,
			     struct error *err)
{
	static struct xattrs xattrs;
	auto_fd int fd = openat(dir_fd, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_strv names = {0};
	struct tar_entry entry;
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(archive, errno, "open", err);
	entry = entry_of(archive, &st);
	entry.type = TAR_DIRECTORY;
	read_xattrs(fd, &xattrs);
	entry.xattrs = xattrs.v;
	entry.xattr_count = xattrs.n;
	r = write_entry(archive, &entry, err);
	if (r < 0)
		return r;
	r = read_names(fd, &names);
	if (r < 0)
		return failed(archive, r, "read", err);
	fd = fd_close(fd);
	return archive_names(archive, &names, err);
}

static int archive_any(struct archive *archive, int dir_fd, const char *base, struct error *err)
{
	const char *before;
	struct stat st;

	if (fstatat(dir_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : failed(archive, errno, "look at", err);
	if (S_ISDIR(st.st_mode))
		return archive_directory(archive, dir_fd, base, err);
	before = written_before(archive, &st);
	if (before) {
		struct tar_entry entry = entry_of(archive, &st);

		entry.type = TAR_HARDLINK;
		entry.link = before;
		return write_entry(archive, &entry, err);
	}
	if (S_ISREG(st.st_mode))
		return archive_file(archive, dir_fd, base, err);
	if (S_ISLNK(st.st_mode))
		return archive_link(archive, dir_fd, base, &st, err);
	return archive_node(archive, &st, err);
}

/* A path as Docker has it: what is before the last component is followed, and with "/." or "/" at
 * its end the last one too. Returns the descriptor of the directory that the first entry is in. */
static int open_top(char *path, const char **ret_base)
{
	size_t len = strlen(path);
	char *slash = strrchr(path, '/');
	bool whole = len == 0 || path[len - 1] == '/' || STREQ(path, ".") ||
		     (len > 1 && STREQ(path + len - 2, "/."));

	if (whole) {
		*ret_base = ".";
		return open_how(ROOT, path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
	}
	*ret_base = slash ? slash + 1 : path;
	if (slash)
		*slash = '\0';
	return open_how(ROOT, slash ? path : "", O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
}

static int run(char **args, struct error *err)
{
	struct archive *archive = mem_new(struct archive); /* lives as long as the process */
	const char *base;
	int r;

	if (!args[0] || !args[1] || !*args[1])
		return error_set(err, ERROR_INVALID, "kist-worker archive: bad arguments");
	str_append(&archive->name, args[1]);
	archive->top = open_top(args[0], &base);
	if (archive->top < 0)
		return failed(archive, archive->top, "open", err);
	if (!STREQ(base, "."))
		str_append(&archive->path, base);
	r = archive_any(archive, archive->top, base, err);
	if (r == 0 && archive->result.entries == 0)
		r = failed(archive, ENOENT, "archive", err);
	if (r == 0) {
		tar_write_end(&archive->out);
		r = flush(archive, err);
	}
	if (r < 0)
		return r;
	worker_send(WORKER_DONE, &archive->result, sizeof(archive->result));
	return 0;
}

static const int system_calls[] = {
	SYS_read,   SYS_write,	   SYS_close,	   SYS_lseek,	   SYS_fstat,	   SYS_newfstatat,
	SYS_openat, SYS_openat2,   SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr,  SYS_getdents64,
	SYS_fcntl,  SYS_brk,	   SYS_mmap,	   SYS_munmap,	   SYS_mremap,	   SYS_madvise,
	SYS_futex,  SYS_getrandom, SYS_sendmsg,	   SYS_exit,	   SYS_exit_group, SYS_rt_sigreturn,
};

const struct role role_archive = {
	.name = "archive",
	.sandbox =
		{
			.recursive = true,
			.read_only = true,
			.capabilities = UINT64_C(1) << CAP_DAC_READ_SEARCH,
			.memory = 160u << 20,
			.system_calls = system_calls,
			.system_call_count = ARRAY_SIZE(system_calls),
		},
	.root = ROOT,
	.run = run,
};
