/* kist-runtime events: what a container uses, from time to time, and when it runs out of memory. */
#include "cmd/runtime/runtime.h"

#include "base/fd.h"
#include "base/str.h"
#include "base/time.h"
#include "kern/cgroup-oom.h"
#include "runtime/container.h"
#include "runtime/stats.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct events_values {
	const char *interval;
	bool stats;
};

static const struct option options[] = {
	{"interval", 0, OPTION_STRING, offsetof(struct events_values, interval), "duration",
	 "How often to say what is used (default 5s)"},
	{"stats", 0, OPTION_BOOL, offsetof(struct events_values, stats), NULL,
	 "Say it once, and leave"},
	{NULL},
};

/* "5s", "100ms", "1m": the ones that make sense here. */
static int parse_interval(const char *text, int *ret_ms, struct error *err)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	double number;
	char *end;

	number = strtod(text, &end);
	for (size_t i = 0; end != text && i < ARRAY_SIZE(units); i++)
		if (STREQ(end, units[i].unit) && number * units[i].ms >= 1 &&
		    number * units[i].ms <= 86400000) {
			*ret_ms = (int)(number * units[i].ms);
			return 0;
		}
	return error_set(err, ERROR_INVALID,
			 "--interval must be greater than 0 and have a unit: 5s, 100ms, not %s",
			 text);
}

static int say_stats(const struct cgroup *cgroup, const char *id)
{
	auto_str text = {0};

	stats_write(cgroup, id, &text);
	str_append_char(&text, '\n');
	return fd_write_full(1, text.data, text.len);
}

static int say_oom(const char *id)
{
	auto_str text = {0};

	str_append_format(&text, "{\"type\":\"oom\",\"id\":\"%s\"}\n", id);
	return fd_write_full(1, text.data, text.len);
}

/* Until the container's process ends, or its cgroup is gone. */
static int watch(const struct container *container, const struct cgroup *cgroup, int interval_ms,
		 struct error *err)
{
	auto_cgroup_oom oom = CGROUP_OOM_CLOSED;
	struct pollfd polls[2] = {{.events = POLLIN}, {.events = POLLIN}};
	auto_fd int pid_fd = -EBADF;
	int64_t next = (time_monotonic() / 1000000) + interval_ms, left;
	int r;

	r = container_pidfd(container, &pid_fd, err);
	if (r < 0)
		return r;
	r = cgroup_oom_open(cgroup, &oom);
	if (r < 0)
		return error_errno(err, r, "watch container %s for lack of memory", container->id);
	polls[0].fd = pid_fd;
	while (r >= 0 && cgroup_exists(cgroup)) {
		cgroup_oom_poll(&oom, &polls[1]);
		left = next - (time_monotonic() / 1000000);
		if (poll(polls, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return error_errno(err, errno, "wait for events");
		if (polls[1].revents && cgroup_oom_read(&oom, cgroup) > 0)
			r = say_oom(container->id);
		if (polls[0].revents)
			return 0;
		if ((time_monotonic() / 1000000) >= next) {
			r = say_stats(cgroup, container->id);
			next += interval_ms;
		}
	}
	return 0;
}

static int run_events(struct runtime *runtime, const char *id, const struct events_values *values,
		      struct error *err)
{
	auto_container container = {.dir_fd = -EBADF};
	auto_cgroup cgroup = {0};
	int interval_ms = 5000, r = 0;

	if (values->interval)
		r = parse_interval(values->interval, &interval_ms, err);
	if (r == 0)
		r = runtime_open(runtime, err);
	if (r == 0)
		r = container_load(runtime->root_fd, id, &container, err);
	if (r < 0)
		return r;
	if (container_status(&container) == CONTAINER_STOPPED)
		return error_set(err, ERROR_CONFLICT, "container with id %s is not running", id);
	if (!container_has_cgroup(&container))
		return error_set(err, ERROR_UNSUPPORTED, "container %s has no cgroup of its own",
				 id);
	r = cgroup_open(container.cgroup, &cgroup);
	if (r < 0)
		return error_errno(err, r, "open the cgroup of container %s", id);
	if (!values->stats)
		return watch(&container, &cgroup, interval_ms, err);
	r = say_stats(&cgroup, id);
	return r < 0 ? error_errno(err, r, "write to standard output") : 0;
}

static int events(const struct invocation *invocation, void *values)
{
	auto_error err = {0};

	if (run_events(invocation->context, invocation->operands[0], values, &err) < 0)
		return runtime_fail(&err, RUNTIME_FAILED);
	return 0;
}

const struct command command_events = {
	.name = "events",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "Show what a container uses, and when it runs out of memory",
	.options = options,
	.values_size = sizeof(struct events_values),
	.operands_min = 1,
	.operands_max = 1,
	.run = events,
};
