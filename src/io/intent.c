#include "io/intent.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INTENT_TEXT_MAX (1 << 20)

/* Names that begin so are not yet intents: their writer has not locked them, or is about to name
 * them. */
#define UNBORN	 "."
#define ATTEMPTS 100

/* With its NUL, in one call, over what was there: whoever reads stops at the NUL, and a kill finds
 * the old text or the new. (A file that was cut short is also flushed when it is closed, on ext4
 * and others: the price of a disk write for what is about to be removed.) */
static int write_text(int fd, const char *text)
{
	size_t len = strlen(text) + 1;
	ssize_t n = pwrite(fd, text, len, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOSPC;
}

/* A file that is complete and locked before it has its name: nobody ever sees it unlocked while we
 * live. */
static int try_make_locked(int dir_fd, const char *name, const char *text)
{
	auto_free char *unborn = mem_printf(UNBORN "%d-%s", getpid(), name);
	auto_fd int fd = -EBADF;
	int r = 0;

	fd = openat(dir_fd, unborn, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = -errno;
	if (r == 0)
		r = write_text(fd, text);
	if (r == 0 && renameat2(dir_fd, unborn, dir_fd, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dir_fd, unborn, 0);
		return r;
	}
	return TAKE_FD(fd);
}

/* Between its creation and its lock an unborn file looks like a dead one's: whoever recovers at
 * that moment may lock it or take it away. It is then made again. */
static int make_locked(int dir_fd, const char *name, const char *text)
{
	int r = -EAGAIN;

	for (int i = 0; i < ATTEMPTS && (r == -EAGAIN || r == -ENOENT); i++)
		r = try_make_locked(dir_fd, name, text);
	return r;
}

int intent_begin(const struct root *root, const char *what, const char *id, const char *text,
		 struct intent *ret, struct error *err)
{
	auto_free char *name = mem_printf("%s-%s", what, id);
	auto_fd int dir_fd = -EBADF;
	int fd;

	dir_fd = root_dir_open(root, "intents", err);
	if (dir_fd < 0)
		return dir_fd;
	fd = make_locked(dir_fd, name, text);
	if (fd == -EEXIST)
		return error_set(err, ERROR_CONFLICT,
				 "%s %.12s: another operation on it is under way", what, id);
	if (fd < 0)
		return error_errno(err, fd, "write down the intent to %s %.12s in %s/intents", what,
				   id, root->dir);
	*ret = (struct intent) {.dir_fd = TAKE_FD(dir_fd), .fd = fd, .name = TAKE_PTR(name)};
	return 0;
}

int intent_update(struct intent *intent, const char *text, struct error *err)
{
	int r = write_text(intent->fd, text);

	return r < 0 ? error_errno(err, r, "write down the intent %s", intent->name) : 0;
}

void intent_end(struct intent *intent)
{
	/* What cannot be removed must at least not be undone: without a text there is nothing to.
	 */
	if (intent->name && unlinkat(intent->dir_fd, intent->name, 0) < 0)
		(void)!write_text(intent->fd, "");
	intent_abandon(intent);
}

void intent_abandon(struct intent *intent)
{
	if (!intent->name)
		return;
	intent->fd = fd_close(intent->fd);
	intent->dir_fd = fd_close(intent->dir_fd);
	mem_freep(&intent->name);
}

static bool still_named(int dir_fd, const char *name, int fd)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* 1 if it was dead and is undone, 0 if it lives or could not be undone. */
static int recover_one(int dir_fd, const char *name,
		       int (*undo)(const char *what, const char *id, const char *text, void *arg),
		       void *arg)
{
	auto_free char *what = NULL, *text = NULL;
	auto_fd int fd = -EBADF;
	const char *dash;
	size_t len;

	fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || !still_named(dir_fd, name, fd))
		return 0;
	dash = strchr(name, '-');
	if (name[0] != UNBORN[0] && dash) {
		if (fd_read_all(fd, INTENT_TEXT_MAX, &text, &len) < 0)
			return 0;
		what = mem_strndup(name, (size_t)(dash - name));
		if (*text && undo(what, dash + 1, text, arg) < 0)
			return 0;
	}
	(void)unlinkat(dir_fd, name, 0);
	return 1;
}

int intent_recover(const struct root *root,
		   int (*undo)(const char *what, const char *id, const char *text, void *arg),
		   void *arg, struct error *err)
{
	int dir_fd, count = 0;
	struct dirent *entry;
	DIR *dir;

	dir_fd = root_dir_open(root, "intents", err);
	if (dir_fd < 0)
		return dir_fd;
	dir = fdopendir(dir_fd);
	if (!dir) {
		(void)fd_close(dir_fd);
		return error_errno(err, errno, "list %s/intents", root->dir);
	}
	while ((entry = readdir(dir))) {
		if (STREQ(entry->d_name, ".") || STREQ(entry->d_name, ".."))
			continue;
		count += recover_one(dirfd(dir), entry->d_name, undo, arg);
	}
	(void)closedir(dir);
	return count;
}
