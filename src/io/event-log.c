#include "io/event-log.h"

#include "base/fd.h"
#include "base/time.h"
#include "codec/json-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_PATH EVENT_FOLDER "/" EVENT_LOG
#define OLD_PATH EVENT_FOLDER "/" EVENT_LOG_OLD

void event_line(struct str *out, const char *type, const char *action, const char *id,
		const char *attributes, const char *extra, int64_t time)
{
	str_append_format(out, "{\"Type\":\"%s\",\"Action\":", type);
	json_quote(out, action, strlen(action));
	str_append(out, ",\"Actor\":{\"ID\":");
	json_quote(out, id, strlen(id));
	str_append_format(out,
			  ",\"Attributes\":{%s%s}},\"scope\":\"local\",\"time\":%lld,"
			  "\"timeNano\":%lld}\n",
			  attributes, extra, (long long)(time / TIME_SECOND), (long long)time);
}

static int open_log(int run_fd)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(run_fd, LOG_PATH, flags, 0600);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	if (mkdirat(run_fd, EVENT_FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(run_fd, LOG_PATH, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* The lock is on the file that goes, not on its name: of those who find it too long one wins, and
 * one who comes late finds that the name is another file's. */
static void rotate(int run_fd, int fd)
{
	struct stat ours, named;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	if (fstat(fd, &ours) == 0 && fstatat(run_fd, LOG_PATH, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
		(void)renameat(run_fd, LOG_PATH, run_fd, OLD_PATH);
}

int event_log_append(int run_fd, const char *lines, size_t len)
{
	auto_fd int fd = open_log(run_fd);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, lines, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* Behind an appending write the position is the end of the file. */
	if (lseek(fd, 0, SEEK_CUR) >= EVENT_LOG_MAX)
		rotate(run_fd, fd);
	return (size_t)n == len ? 0 : -ENOSPC;
}
