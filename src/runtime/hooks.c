#include "runtime/hooks.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/spawn.h"
#include "kern/process.h"
#include "kern/trampoline.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
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

/* Where a hook is run. */
struct place {
	char *const *env;  /* of hooks that say none */
	int trampoline_fd; /* -EBADF: on the host, where the programs are the caller's */
};

/* Starts it as it is, or, with a trampoline, by way of that. */
static int start_hook(const struct runtime_hook *hook, int state_fd, const struct place *place,
		      struct child *ret)
{
	char *const just_path[] = {(char *)hook->path, NULL};
	char *const *args = hook->args && hook->args[0] ? hook->args : just_path;
	/* The trampoline wants a descriptor to complain to; its exit status is enough. */
	struct spawn_fd fds[] = {{state_fd, 0}, {1, 1}, {2, 2}, {-EBADF, 3}};
	struct spawn start = {
		.path = hook->path,
		.argv = args,
		.env = hook->env ? hook->env : place->env,
		.fds = fds,
		.fd_count = 3,
	};
	char fd_text[TRAMPOLINE_FD_SIZE];
	auto_free char **argv = NULL;
	size_t n = 0;

	if (place->trampoline_fd < 0)
		return spawn(&start, ret);
	while (args[n])
		n++;
	argv = mem_zero(n + 3, sizeof(*argv));
	memcpy(argv + 2, args, n * sizeof(*args));
	trampoline_fd_text(3, fd_text);
	argv[0] = (char *)hook->path;
	argv[1] = fd_text;
	start.argv = argv;
	start.fd_count = 4;
	start.flags = SPAWN_BY_FD;
	start.exec_fd = place->trampoline_fd;
	return spawn(&start, ret);
}

static int run_hook(const struct runtime_hook *hook, const char *state, const struct place *place,
		    struct error *err)
{
	struct child child = {.pid_fd = -EBADF};
	auto_fd int state_fd = -EBADF;
	int status, r;

	state_fd = open_state(state);
	if (state_fd < 0)
		return error_errno(err, state_fd, "prepare the state for hook %s", hook->path);
	r = start_hook(hook, state_fd, place, &child);
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
	if (status > 128 && sigdescr_np(status - 128))
		return error_set(err, ERROR_SYSTEM, "error running hook %s: signal: %c%s",
				 hook->path, tolower((unsigned char)*sigdescr_np(status - 128)),
				 sigdescr_np(status - 128) + 1);
	if (status != 0)
		return error_set(err, ERROR_SYSTEM, "error running hook %s: exit status %d",
				 hook->path, status);
	return 0;
}

static int run_hooks(const struct runtime_config *config, enum runtime_hook_kind kind,
		     const char *state, const struct place *place, struct error *err)
{
	const struct runtime_hooks *hooks = &config->hooks[kind];

	for (size_t i = 0; i < hooks->n; i++)
		if (run_hook(&hooks->v[i], state, place, err) < 0)
			return error_prefix(err, "error running %s hook #%zu",
					    runtime_hook_name(kind), i);
	return 0;
}

int hooks_run(const struct runtime_config *config, enum runtime_hook_kind kind, const char *state,
	      struct error *err)
{
	const struct place host = {.env = environ, .trampoline_fd = -EBADF};

	return run_hooks(config, kind, state, &host, err);
}

int hooks_run_inside(const struct runtime_config *config, const char *state, char *const *env,
		     int trampoline_fd, struct error *err)
{
	const struct place inside = {.env = env, .trampoline_fd = trampoline_fd};

	return run_hooks(config, RUNTIME_HOOK_START_CONTAINER, state, &inside, err);
}

void hooks_run_all(const struct runtime_config *config, enum runtime_hook_kind kind,
		   const char *state, void (*warn)(const char *sentence))
{
	const struct place host = {.env = environ, .trampoline_fd = -EBADF};
	const struct runtime_hooks *hooks = &config->hooks[kind];

	for (size_t i = 0; i < hooks->n; i++) {
		auto_error err = {0};

		if (run_hook(&hooks->v[i], state, &host, &err) < 0 && warn) {
			(void)error_prefix(&err, "%s hook failed with exit code or error",
					   runtime_hook_name(kind));
			warn(err.message);
		}
	}
}
