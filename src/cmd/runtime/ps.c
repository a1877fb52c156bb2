/* kist-runtime ps: the process ids of a container. */
#include "cmd/runtime/runtime.h"

#include "kern/cgroup.h"
#include "runtime/container.h"

#include <errno.h>
#include <stdio.h>

struct ps_values {
	const char *format;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct ps_values, format), "table|json",
	 "How to write (default \"table\")"},
	{NULL},
};

struct ps_listing {
	bool json;
	bool any;
};

static int print_pid(pid_t pid, void *arg)
{
	struct ps_listing *listing = arg;

	if (listing->json)
		(void)printf("%s%d", listing->any ? "," : "", pid);
	else
		(void)printf("%d\n", pid);
	listing->any = true;
	return 0;
}

static int list_processes(const struct container *container, bool json, struct error *err)
{
	struct ps_listing listing = {.json = json};
	auto_cgroup cgroup = {0};
	int r;

	r = cgroup_open(container->cgroup, &cgroup);
	if (r < 0)
		return error_errno(err, r, "open the cgroup of container %s", container->id);
	(void)printf(json ? "[" : "PID\n");
	r = cgroup_pids(&cgroup, print_pid, &listing);
	(void)printf(json ? "]\n" : "");
	return r < 0 ? error_errno(err, r, "list the processes of container %s", container->id) : 0;
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
				   ps_values->format && STREQ(ps_values->format, "json"), &err);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_ps = {
	.name = "ps",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "List the process ids of a container",
	.options = options,
	.values_size = sizeof(struct ps_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = ps,
};
