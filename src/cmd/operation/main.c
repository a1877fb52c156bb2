/*
 * kist-operation: one request to the engine, from its record to the answer on the client's own
 * connection.
 *
 * Started by kistd for each request, with privileges, and on its own from then on: it outlives
 * kistd. It reads the record that the door has written (descriptor 4), which it does not trust, and
 * answers on the connection (descriptor 3). Exit status 0: the connection may be used again.
 */
#include "api/call.h"
#include "api/docker/handlers.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/mem.h"
#include "base/options.h"
#include "cmd/operation/unframe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct operation_values {
	const char *dir, *run;
};

static const struct option options[] = {
	{"root", 0, OPTION_STRING, offsetof(struct operation_values, dir), "string",
	 "Folder of images and containers"},
	{"runroot", 0, OPTION_STRING, offsetof(struct operation_values, run), "string",
	 "Folder of what does not survive a boot"},
	{NULL},
};

/* A regular file: nothing that could keep us waiting. */
static int read_record(int fd, char **ret, size_t *ret_len)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return fd_read_all(fd, TAGGED_MAX, ret, ret_len);
}

/*
 * A service manager may shield kistd from the killer that comes when memory is short. What runs
 * containers is not shielded, or they would be as well.
 */
static void be_ordinary(void)
{
	auto_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* Refused where it would be a shield. */
	(void)!write(fd, "0", 1);
}

int main(int argc, char **argv)
{
	struct operation_values values = {0};
	auto_free char *record = NULL;
	size_t len;
	int r;

	if (argc == 3 && STREQ(argv[1], "unframe"))
		return unframe(argv[2]);
	r = options_parse("kist-operation", options, 0, &values, argc, argv);
	if (r < 0)
		return OPERATION_FAILED;
	(void)signal(SIGPIPE, SIG_IGN);
	be_ordinary();
	r = read_record(OPERATION_RECORD, &record, &len);
	if (r < 0) {
		(void)fprintf(stderr, "kist-operation: read the request: %s\n", strerror(-r));
		return OPERATION_FAILED;
	}
	(void)fd_close(OPERATION_RECORD);
	return call_serve(docker_handlers, values.dir, values.run, OPERATION_CONNECTION, record,
			  len)
		       ? OPERATION_AGAIN
		       : OPERATION_CLOSE;
}
