#include "runtime/hooks.h"

#include "base/fd.h"
#include "io/spawn.h"
#include "kern/process.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file and not a pipe: a hook that does not read blocks nobody. */
static int open_state(const char *state)
{
	auto_fd int fd = -EBADF;
	int r;

	fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_write_full(fd, state, strlen(state));
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

static int run_hook(const struct runtime_hook *hook, const char *state, struct error *err)
{
	char *const just_path[] = {(char *)hook->path, NULL};
	static char *const no_env[] = {NULL};
	auto_fd int state_fd = -EBADF;
	struct spawn_fd fds[] = {{-EBADF, 0}, {1, 1}, {2, 2}};
	struct spawn start = {
		.path = hook->path,
		.argv = hook->args && hook->args[0] ? hook->args : just_path,
		.env = hook->env ? hook->env : no_env,
		.fds = fds,
		.fd_count = ARRAY_SIZE(fds),
	};
	struct child child = {.pid_fd = -EBADF};
	int status, r;

	state_fd = open_state(state);
	if (state_fd < 0)
		return error_errno(err, state_fd, "prepare the state for hook %s", hook->path);
	fds[0].from = state_fd;
	r = spawn(&start, &child);
	if (r < 0)
		return error_errno(err, r, "run hook %s", hook->path);
	if (hook->timeout > 0 &&
	    process_wait(child.pid_fd, (int)hook->timeout * 1000) == -ETIMEDOUT) {
		child_kill(&child);
		return error_set(err, ERROR_SYSTEM, "hook %s took longer than its %lld seconds",
				 hook->path, (long long)hook->timeout);
	}
	r = child_wait(&child, &status);
	if (r < 0)
		return error_errno(err, r, "wait for hook %s", hook->path);
	if (status != 0)
		return error_set(err, ERROR_SYSTEM, "hook %s ended with status %d", hook->path,
				 status);
	return 0;
}

int hooks_run(const struct runtime_hooks *hooks, const char *state, struct error *err)
{
	for (size_t i = 0; i < hooks->n; i++) {
		int r = run_hook(&hooks->v[i], state, err);

		if (r < 0)
			return r;
	}
	return 0;
}
