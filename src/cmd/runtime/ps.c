/* kist-runtime ps: the processes of a container, as the host's ps shows them. */
#include "cmd/runtime/runtime.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/spawn.h"
#include "kern/cgroup.h"
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ps_values {
	const char *format;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct ps_values, format), "table|json",
	 "How to write (default \"table\")"},
	{NULL},
};

#define PS_OUTPUT_MAX (8 * 1024 * 1024)
#define PIDS_MAX      1000000

struct pids {
	pid_t *v; /* owned */
	size_t n;
};

static int add_pid(pid_t pid, void *arg)
{
	struct pids *pids = arg;

	if (pids->n == PIDS_MAX)
		return -E2BIG;
	if (pids->n % 64 == 0)
		pids->v = mem_resize(pids->v, (pids->n + 64) * sizeof(*pids->v));
	pids->v[pids->n++] = pid;
	return 0;
}

static bool has_pid(const struct pids *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == pid)
			return true;
	return false;
}

static void print_json(const struct pids *pids)
{
	(void)printf("[");
	for (size_t i = 0; i < pids->n; i++)
		(void)printf("%s%d", i > 0 ? "," : "", pids->v[i]);
	(void)printf("]\n");
}

/* Word number @index of a line, as a number; -1: there is none. */
static long word_at(const char *line, size_t index)
{
	char *end;
	long number;

	line += strspn(line, " ");
	for (; index > 0; index--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	number = strtol(line, &end, 10);
	return end > line ? number : -1;
}

/* Where the heading says PID. */
static int find_column(const char *heading)
{
	int column = 0;

	for (const char *at = heading + strspn(heading, " "); *at; column++) {
		size_t len = strcspn(at, " ");

		if (len == 3 && strncmp(at, "PID", 3) == 0)
			return column;
		at += len;
		at += strspn(at, " ");
	}
	return -1;
}

/* Of what ps says, the heading and the container's lines. */
static int print_lines(char *text, const struct pids *pids)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	int column = line ? find_column(line) : -1;

	if (column < 0)
		return -EBADMSG;
	(void)printf("%s\n", line);
	while ((line = strtok_r(NULL, "\n", &save)))
		if (has_pid(pids, (pid_t)word_at(line, (size_t)column)))
			(void)printf("%s\n", line);
	return 0;
}

/* The host's own ps, with the caller's options. */
static int run_ps(char *const *args, char **ret)
{
	static char program[] = "/bin/ps", all[] = "-ef";
	auto_free char **argv = NULL;
	struct child child = {.pid_fd = -EBADF};
	auto_fd int out = -EBADF, in = -EBADF;
	int ends[2], status, r;
	size_t n = 0, len;

	while (args[n])
		n++;
	argv = mem_zero(n + 3, sizeof(*argv));
	argv[0] = program;
	argv[1] = all;
	memcpy(argv + 1, args, n * sizeof(*args));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	out = ends[0];
	in = ends[1];
	r = spawn(&(struct spawn) {.path = program,
				   .argv = argv,
				   .env = environ,
				   .fds = (struct spawn_fd[]) {{in, 1}, {2, 2}},
				   .fd_count = 2},
		  &child);
	if (r < 0)
		return r;
	in = fd_close(in);
	r = fd_read_all(out, PS_OUTPUT_MAX, ret, &len);
	if (r < 0)
		child_kill(&child);
	else
		r = child_wait(&child, &status);
	return r < 0 ? r : status == 0 ? 0 : -EINVAL;
}

static int list_processes(const struct container *container, bool json, char *const *args,
			  struct error *err)
{
	auto_free char *text = NULL;
	struct pids pids = {0};
	auto_cgroup cgroup = {0};
	int r;

	if (!container_has_cgroup(container))
		return error_set(err, ERROR_UNSUPPORTED, "container %s has no cgroup of its own",
				 container->id);
	r = cgroup_open(container->cgroup, &cgroup);
	if (r == 0)
		r = cgroup_pids(&cgroup, add_pid, &pids);
	if (r < 0) {
		r = error_errno(err, r, "list the processes of container %s", container->id);
	} else if (json) {
		print_json(&pids);
	} else {
		r = run_ps(args, &text);
		if (r == 0)
			r = print_lines(text, &pids);
		if (r < 0)
			r = error_errno(err, r, "run /bin/ps and find its column PID");
	}
	mem_freep(&pids.v);
	return r;
}

static int ps(const struct invocation *invocation, void *values)
{
	const struct ps_values *ps_values = values;
	struct runtime *runtime = invocation->context;
	auto_container container = {.dir_fd = -EBADF};
	auto_error err = {0};
	int r;

	r = runtime_open(runtime, &err);
	if (r == 0)
		r = container_load(runtime->root_fd, invocation->operands[0], &container, &err);
	if (r == 0)
		r = list_processes(&container,
				   ps_values->format && STREQ(ps_values->format, "json"),
				   invocation->operands + 1, &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_ps = {
	.name = "ps",
	.usage = "[OPTIONS] CONTAINER [PS-OPTIONS...]",
	.summary = "List the processes of a container",
	.options = options,
	.values_size = sizeof(struct ps_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.flags = COMMAND_STOP_AT_OPERAND,
	.run = ps,
};
