/*
 * kist-worker: what reads bytes from outside, and what makes files from them. Started by kist alone
 * (io/worker), never by people.
 */
#include "cmd/worker/worker.h"
#include "io/worker.h"

#include <errno.h>
#include <stdbool.h>

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool started_by_kist(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(WORKER_CONTROL, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static int run(const struct role *role, char **args, struct error *err)
{
	struct sandbox sandbox = role->sandbox;
	int r = 0;

	sandbox.root_fd = role->root ? role->root : -EBADF;
	if (role->prepare)
		r = role->prepare(args, &sandbox, err);
	if (r == 0)
		r = sandbox_enter(&sandbox, err);
	if (r == 0)
		r = role->run(args, err);
	return r;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (argc < 2 || !started_by_kist()) {
		(void)fputs("kist-worker is started by kist; it is of no use by itself\n", stderr);
		return 125;
	}
	for (const struct role *const *role = worker_roles; *role; role++) {
		if (!STREQ((*role)->name, argv[1]))
			continue;
		if (run(*role, argv + 2, &err) < 0)
			worker_fail(&err);
		_exit(0);
	}
	(void)error_set(&err, ERROR_UNSUPPORTED, "kist-worker knows no role %s", argv[1]);
	worker_fail(&err);
}
