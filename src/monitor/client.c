#include "monitor/client.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/atomic-file.h"
#include "io/spawn.h"
#include "io/unix.h"
#include "monitor/record.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PROGRAM		"kist-monitor"
#define EXIT_RECORD_MAX 1024
/* Numbers of passed descriptors in the monitor begin here. */
#define FIRST_FD 3

int monitor_start(const struct strv *args, const struct monitor_fd *fds, size_t fd_count,
		  int *ret_fd, struct error *err)
{
	struct spawn_fd map[SPAWN_FDS_MAX];
	auto_fd int ours = -EBADF, theirs = -EBADF;
	auto_free char *path = NULL;
	auto_strv argv = {0};
	struct spawn options = {
		.fds = map,
		.fd_count = fd_count + 1,
		.flags = SPAWN_DIE_WITH_PARENT | SPAWN_NEW_SESSION,
	};
	struct child child;
	int ends[2], r;

	if (options.fd_count > SPAWN_FDS_MAX)
		return error_set(err, ERROR_EXHAUSTED,
				 "start the monitor: %zu descriptors to hold, at most %d can be",
				 fd_count, SPAWN_FDS_MAX - 1);
	r = program_path(PROGRAM, &path);
	if (r < 0)
		return error_errno(err, r, "find " PROGRAM);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, errno, "make a socket pair");
	ours = ends[0];
	theirs = ends[1];
	strv_add(&argv, PROGRAM);
	for (size_t i = 0; i < args->n; i++)
		strv_add(&argv, args->v[i]);
	map[0] = (struct spawn_fd) {theirs, FIRST_FD};
	strv_add_format(&argv, "--owner-fd=%d", FIRST_FD);
	for (size_t i = 0; i < fd_count; i++) {
		map[i + 1] = (struct spawn_fd) {fds[i].fd, FIRST_FD + 1 + (int)i};
		strv_add_format(&argv, "%s=%d", fds[i].option, map[i + 1].to);
	}
	options.path = path;
	options.argv = strv_argv(&argv);
	r = spawn(&options, &child);
	if (r < 0)
		return error_errno(err, r, "start %s", path);
	/* Its end is seen on the connection; it outlives us on purpose. */
	(void)fd_close(child.pid_fd);
	*ret_fd = TAKE_FD(ours);
	return 0;
}

int monitor_connect(const char *bundle, int *ret_fd, struct error *err)
{
	auto_fd int dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir_fd < 0 && errno != ENOENT)
		return error_errno(err, errno, "open %s", bundle);
	fd = dir_fd < 0 ? -ENOENT : unix_connect(dir_fd, "control");
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return error_set(err, ERROR_NOT_FOUND, "no monitor serves %s", bundle);
	if (fd < 0)
		return error_errno(err, fd, "connect to the monitor of %s", bundle);
	*ret_fd = fd;
	return 0;
}

int monitor_send(int fd, enum wire_type type, const void *data, size_t len, struct error *err)
{
	struct wire_header header = {.type = type, .length = (uint32_t)len};
	struct iovec parts[2] = {{&header, sizeof(header)}, {(void *)data, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	assert(len <= WIRE_LENGTH_MAX);
	while (message.msg_iovlen > 0) {
		ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) {
			(void)error_set(err, ERROR_SYSTEM, "the monitor died");
			return -EPIPE;
		}
		if (n < 0)
			return error_errno(err, errno, "write to the monitor");
		while (message.msg_iovlen > 0 && (size_t)n >= message.msg_iov->iov_len) {
			n -= (ssize_t)message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen > 0) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + n;
			message.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* The shortest and longest that may follow the header of a frame from the monitor. */
static bool is_length_good(const struct wire_header *header)
{
	switch (header->type) {
	case WIRE_STARTED:
		return header->length == sizeof(struct wire_started);
	case WIRE_EXITED:
		return header->length == sizeof(struct wire_exit);
	case WIRE_OUTPUT:
		return header->length >= 1 && header->length <= WIRE_LENGTH_MAX;
	case WIRE_FAILED:
		return header->length <= WIRE_LENGTH_MAX;
	default:
		return false;
	}
}

int monitor_receive(int fd, struct wire_header *ret, void *buf, struct error *err)
{
	struct wire_header header;
	ssize_t n;
	int r;

	do
		n = recv(fd, &header, sizeof(header), 0);
	while (n < 0 && errno == EINTR);
	/* A monitor that closes with something of ours unread resets the connection. */
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return error_errno(err, errno, "read from the monitor");
	r = fd_read_full(fd, (char *)&header + n, sizeof(header) - (size_t)n);
	if (r == 0 && !is_length_good(&header))
		return error_set(err, ERROR_CORRUPT,
				 "the monitor sent a frame of type %u and length %u", header.type,
				 header.length);
	if (r == 0)
		r = fd_read_full(fd, buf, header.length);
	if (r == -ENODATA || r == -ECONNRESET)
		return error_set(err, ERROR_SYSTEM, "the monitor died in the middle of a message");
	if (r < 0)
		return error_errno(err, r, "read from the monitor");
	*ret = header;
	return 1;
}

/* "kind\nmessage", as the monitor sends it. */
static int set_failure(char *text, struct error *err)
{
	char *newline = strchr(text, '\n');

	if (!newline)
		return error_set(err, ERROR_SYSTEM, "%s", text);
	*newline = '\0';
	return error_set(err, error_kind_parse(text), "%s", newline + 1);
}

int monitor_await_started(int fd, struct wire_started *ret, struct error *err)
{
	auto_free char *buf = mem_alloc(WIRE_LENGTH_MAX + 1);
	struct wire_header header;
	int r;

	r = monitor_receive(fd, &header, buf, err);
	if (r < 0)
		return r;
	if (r == 0)
		return error_set(err, ERROR_SYSTEM, "the monitor died");
	if (header.type == WIRE_FAILED) {
		buf[header.length] = '\0';
		return set_failure(buf, err);
	}
	if (header.type != WIRE_STARTED)
		return error_set(err, ERROR_CORRUPT,
				 "the monitor sent a frame of type %u before the start",
				 header.type);
	memcpy(ret, buf, sizeof(*ret));
	return 0;
}

int monitor_read_exit(int dir_fd, const char *name, struct wire_exit *ret)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = atomic_read(dir_fd, name, EXIT_RECORD_MAX, &text, &len);
	if (r == -EFBIG)
		return -EBADMSG;
	return r < 0 ? r : record_parse_exit(text, len, ret);
}
