#include "cmd/operation/unframe.h"

#include "api/upload.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/parse.h"
#include "codec/http1-body.h"
#include "io/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUFFER_SIZE (128 << 10)
#define MEMORY_MAX  (16u << 20)

static const int system_calls[] = {
	SYS_read,   SYS_write,	      SYS_close,  SYS_brk,	  SYS_mmap,
	SYS_munmap, SYS_getpid,	      SYS_gettid, SYS_exit_group, SYS_rt_sigprocmask,
	SYS_exit,   SYS_rt_sigreturn, SYS_tgkill, SYS_writev,
};

/* Passes on what is of the body. 0, -errno; -EPIPE: nobody wants it. */
static int pass(struct http1_body *body, const char *data, size_t len)
{
	const char *piece;
	size_t n;
	int r;

	while ((r = http1_body_next(body, &data, &len, &piece, &n)) == 1) {
		r = fd_write_full(UNFRAME_OUT, piece, n);
		if (r < 0)
			return r;
	}
	/* What is behind the body is of a request that nobody will answer. */
	return r;
}

static int copy(struct http1_body *body, int fd)
{
	static char buffer[BUFFER_SIZE];

	while (!http1_body_complete(body)) {
		ssize_t n = read(fd, buffer, sizeof(buffer));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		r = pass(body, buffer, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

int unframe(const char *framing)
{
	const struct sandbox sandbox = {
		.root_fd = -EBADF,
		.memory = MEMORY_MAX,
		.system_calls = system_calls,
		.system_call_count = ARRAY_SIZE(system_calls),
	};
	bool chunked = STREQ(framing, "chunked");
	struct http1_body body;
	auto_error err = {0};
	uint64_t length = 0;
	int r;

	if (!chunked && parse_u64(framing, &length) < 0)
		return 1;
	if (sandbox_enter(&sandbox, &err) < 0) {
		(void)fprintf(stderr, "kist-operation: %s\n", err.message);
		return 1;
	}
	http1_body_init(&body, chunked ? HTTP1_CHUNKED : HTTP1_LENGTH, length);
	r = copy(&body, UNFRAME_EARLY);
	if (r == 0)
		r = copy(&body, UNFRAME_CONNECTION);
	return r == 0 && http1_body_complete(&body) ? 0 : 1;
}
