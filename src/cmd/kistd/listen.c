#include "cmd/kistd/listen.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SCHEME	     "unix://"
#define FIRST_HANDED 3
#define BACKLOG	     4096
#define STALE_TRIES  50
#define STALE_WAIT   10000 /* µs */

/* ------------------------------------------------------------------------- socket activation */

static int add(struct listeners *listeners, int fd, char *path, struct error *err)
{
	if (listeners->count == LISTENERS_MAX)
		return error_set(err, ERROR_INVALID, "listen: at most %d sockets", LISTENERS_MAX);
	listeners->list[listeners->count++] = (struct listener) {fd, path};
	return 0;
}

static int check_handed(int fd, struct error *err)
{
	int listening = 0, type = 0, family = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
		return error_errno(err, errno, "use descriptor %d of the service manager", fd);
	if (!listening || type != SOCK_STREAM || family != AF_UNIX)
		return error_set(
			err, ERROR_INVALID,
			"use descriptor %d of the service manager: it is no listening unix "
			"stream socket",
			fd);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return error_errno(err, errno, "use descriptor %d of the service manager", fd);
	return 0;
}

int listeners_inherit(struct listeners *listeners, struct error *err)
{
	const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
	unsigned pid, count;
	int r = 0;

	if (!pid_text || !count_text || parse_u32(pid_text, 1, INT32_MAX, &pid) < 0 ||
	    pid != (unsigned)getpid())
		return 0;
	if (parse_u32(count_text, 0, LISTENERS_MAX, &count) < 0)
		return error_set(err, ERROR_INVALID, "LISTEN_FDS=%s: not a number up to %d",
				 count_text, LISTENERS_MAX);
	for (unsigned i = 0; i < count && r == 0; i++) {
		r = check_handed(FIRST_HANDED + (int)i, err);
		if (r == 0)
			r = add(listeners, FIRST_HANDED + (int)i, NULL, err);
	}
	/* For us, and not for those whom we start. */
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return r;
}

/* ------------------------------------------------------------------------------ own sockets */

static int parse_address(const char *address, struct sockaddr_un *ret, struct error *err)
{
	const char *path = address + strlen(SCHEME);

	if (!str_starts(address, SCHEME) || *path != '/')
		return error_set(err, ERROR_INVALID,
				 "listen at %s: an address is " SCHEME " and an absolute path",
				 address);
	if (strlen(path) >= sizeof(ret->sun_path))
		return error_set(err, ERROR_INVALID,
				 "listen at %s: the path has more than %zu bytes", address,
				 sizeof(ret->sun_path) - 1);
	*ret = (struct sockaddr_un) {.sun_family = AF_UNIX};
	(void)memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

/* By /etc/group alone: other sources of names would have to be loaded. */
static int find_group(const char *name, gid_t *ret, struct error *err)
{
	struct group *group = NULL;
	unsigned id = 0;
	FILE *file;

	if (!name || parse_u32(name, 0, UINT32_MAX - 1, &id) == 0) {
		*ret = id;
		return 0;
	}
	file = fopen("/etc/group", "re");
	while (file && (group = fgetgrent(file)) && !STREQ(group->gr_name, name))
		;
	if (group)
		*ret = group->gr_gid;
	if (file)
		(void)fclose(file);
	return group ? 0 : error_set(err, ERROR_NOT_FOUND, "there is no group %s", name);
}

/* Whether somebody listens there: 1, 0, or -errno. */
static int is_served(const struct sockaddr_un *address)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* EAGAIN: somebody does, and has many in the queue. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		return 1;
	return errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
}

/* Removes a socket that a kistd left behind. The door of one that was killed ends in a moment. */
static int clear_stale(const struct sockaddr_un *address, struct error *err)
{
	struct stat st;
	int r;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0
				       : error_errno(err, errno, "look at %s", address->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERROR_CONFLICT, "listen at %s: something else is there",
				 address->sun_path);
	for (int tries = STALE_TRIES; (r = is_served(address)) == 1 && tries > 0; tries--)
		(void)usleep(STALE_WAIT);
	if (r == 1)
		return error_set(err, ERROR_CONFLICT,
				 "listen at %s: another process does; stop it first",
				 address->sun_path);
	if (r < 0)
		return error_errno(err, r, "look at %s", address->sun_path);
	return unlink(address->sun_path) < 0 && errno != ENOENT
		       ? error_errno(err, errno, "remove the stale %s", address->sun_path)
		       : 0;
}

/* The folder of the socket alone, for its owner; those above must be there. */
static int make_folder(const char *path, struct error *err)
{
	auto_free char *folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));

	if (*folder && mkdir(folder, 0711) < 0 && errno != EEXIST)
		return error_errno(err, errno, "make folder %s", folder);
	return 0;
}

static int bind_socket(int fd, const struct sockaddr_un *address, gid_t group, struct error *err)
{
	/* Nobody can connect before the owner is right: that begins with listen. */
	mode_t old = umask(0117);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	(void)umask(old);
	if (r < 0)
		return error_errno(err, r, "listen at %s", address->sun_path);
	if (lchown(address->sun_path, 0, group) < 0)
		return error_errno(err, errno, "give %s to its group", address->sun_path);
	if (listen(fd, BACKLOG) < 0)
		return error_errno(err, errno, "listen at %s", address->sun_path);
	return 0;
}

int listeners_open(struct listeners *listeners, const char *address, const char *group,
		   struct error *err)
{
	auto_fd int fd = -EBADF;
	struct sockaddr_un name;
	gid_t gid = 0;
	int r;

	r = parse_address(address, &name, err);
	if (r == 0)
		r = find_group(group, &gid, err);
	if (r == 0)
		r = make_folder(name.sun_path, err);
	if (r == 0)
		r = clear_stale(&name, err);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(err, errno, "make a socket");
	r = bind_socket(fd, &name, gid, err);
	if (r == 0)
		r = add(listeners, fd, NULL, err);
	if (r < 0)
		return r;
	listeners->list[listeners->count - 1].path = mem_strdup(name.sun_path);
	fd = -EBADF;
	return 0;
}

void listeners_release(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = &listeners->list[i];

		if (listener->path)
			(void)unlink(listener->path);
		free(listener->path);
		(void)fd_close(listener->fd);
	}
	listeners->count = 0;
}
