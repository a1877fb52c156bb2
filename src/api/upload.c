#include "api/upload.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)

static int early_file(const struct str *early)
{
	auto_fd int fd = memfd_create("early", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_full(fd, str_text(early), early->len);
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

/* Starts the process that unframes. It has the only writing end of the pipe. */
static int start(const char *framing, int connection, int early, int out, struct child *ret)
{
	char *const argv[] = {(char *)"kist-operation", (char *)"unframe",
			      (char *)(uintptr_t)framing, NULL};
	const struct spawn_fd fds[] = {
		{STDERR_FILENO, STDERR_FILENO},
		{connection, UNFRAME_CONNECTION},
		{early, UNFRAME_EARLY},
		{out, UNFRAME_OUT},
	};
	const struct spawn unframe = {
		.path = "/proc/self/exe",
		.argv = argv,
		.fds = fds,
		.fd_count = ARRAY_SIZE(fds),
		.flags = SPAWN_DIE_WITH_PARENT,
	};

	return spawn(&unframe, ret);
}

int upload_open(const struct operation_call *call, int connection, struct upload *ret,
		struct error *err)
{
	auto_fd int early = early_file(&call->early), reader = -EBADF, writer = -EBADF;
	char framing[24] = "chunked";
	struct child child;
	int fds[2], r;

	if (early < 0)
		return error_errno(err, early, "read the body of the request");
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "read the body of the request");
	reader = fds[0];
	writer = fds[1];
	(void)fcntl(writer, F_SETPIPE_SZ, PIPE_SIZE);
	if (call->framing != HTTP1_CHUNKED)
		(void)snprintf(framing, sizeof(framing), "%" PRIu64, call->body_length);
	r = start(framing, connection, early, writer, &child);
	if (r < 0)
		return error_errno(err, r, "read the body of the request");
	*ret = (struct upload) {.fd = TAKE_FD(reader), .child = child};
	return 0;
}

int upload_finish(struct upload *upload, struct error *err)
{
	int status, r;

	/* A writer that still has something to say ends here. */
	upload->fd = fd_close(upload->fd);
	r = child_wait(&upload->child, &status);
	if (r < 0)
		return error_errno(err, r, "read the body of the request");
	return status == 0 ? 0
			   : error_set(err, ERROR_INVALID,
				       "the body of the request is malformed or incomplete");
}

void upload_release(struct upload *upload)
{
	upload->fd = fd_close(upload->fd);
	child_kill(&upload->child);
}
