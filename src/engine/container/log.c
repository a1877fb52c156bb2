#include "engine/container/log.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "monitor/client.h"
#include "monitor/log-read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define POLL_MS	       200 /* where inotify is exhausted: how long a line may stay unseen */
#define MILLISECOND_NS INT64_C(1000000)

struct reading {
	const struct log_request *request;
	struct log_reader reader;
	bool over; /* past until, or no more is wanted */
};

static int take_line(struct reading *reading, const struct log_line *line, struct error *err)
{
	const struct log_request *request = reading->request;
	int r;

	if (line->time > request->until)
		reading->over = true;
	if (reading->over || line->time < request->since)
		return 0;
	r = request->line(line, request->arg, err);
	if (r < 0)
		reading->over = true;
	return r;
}

/* Gives all lines that there are. */
static int drain(struct reading *reading, struct error *err)
{
	const struct log_request *request = reading->request;
	struct log_line line;
	int r;

	while (!reading->over) {
		r = log_reader_next(&reading->reader, &line);
		if (r < 0)
			return error_errno(err, r, "read the log");
		if (r == 0)
			break;
		r = take_line(reading, &line, err);
		if (r < 0)
			return r;
	}
	return request->pause ? request->pause(request->arg, err) : 0;
}

/* Whether the monitor has told of the end, or is gone. */
static bool has_ended(int monitor)
{
	auto_free char *frame = mem_alloc(WIRE_LENGTH_MAX);
	struct wire_header header;

	return monitor_receive(monitor, &header, frame, NULL) <= 0 || header.type == WIRE_EXITED;
}

/* How long to wait: for ever, a moment without inotify, and never beyond until. */
static int wait_ms(const struct log_request *request, bool watched)
{
	int64_t left;

	if (request->until == INT64_MAX)
		return watched ? -1 : POLL_MS;
	left = (request->until - time_now()) / MILLISECOND_NS + 1;
	return (int)MAX(MIN(left, (int64_t)(watched ? INT_MAX : POLL_MS)), (int64_t)0);
}

static int follow(struct reading *reading, int monitor, struct error *err)
{
	char path[sizeof("/proc/self/fd/") + 12];
	auto_fd int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[sizeof(struct inotify_event) + NAME_MAX + 1];
	bool watched, ended = false;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", reading->reader.fd);
	watched = watch >= 0 && inotify_add_watch(watch, path, IN_MODIFY) >= 0;
	for (;;) {
		struct pollfd fds[] = {{monitor, POLLIN, 0},
				       {watched ? watch : -1, POLLIN, 0},
				       {reading->request->client, 0, 0}};

		/* After the watch, after the monitor's word: nothing that came before is missed. */
		r = drain(reading, err);
		if (r < 0 || ended || reading->over || time_now() > reading->request->until)
			return r;
		if (poll(fds, ARRAY_SIZE(fds), wait_ms(reading->request, watched)) < 0 &&
		    errno != EINTR)
			return error_errno(err, errno, "wait for the log");
		if (fds[2].revents & (POLLHUP | POLLERR))
			return 0;
		if (fds[0].revents)
			ended = has_ended(monitor);
		if (fds[1].revents)
			while (read(watch, events, sizeof(events)) > 0)
				;
	}
}

/* Connects to the monitor of a running container. -EBADF: nobody is there to wait for. */
static int wait_connect(struct engine *engine, const struct container *container)
{
	auto_free char *bundle = container_run_folder(engine, container->id);
	auto_fd int monitor = -EBADF;
	int r;

	if (container->state != CONTAINER_RUNNING)
		return -EBADF;
	r = monitor_connect(bundle, &monitor, NULL);
	if (r == 0)
		r = monitor_send(monitor, WIRE_WAIT, NULL, 0, NULL);
	return r < 0 ? -EBADF : TAKE_FD(monitor);
}

int container_log_read(struct engine *engine, const struct container *container,
		       const struct log_request *request, struct error *err)
{
	auto_fd int monitor = request->follow ? wait_connect(engine, container) : -EBADF;
	auto_free char *path = container_log_path(engine, container);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct reading reading = {.request = request};
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_errno(err, errno, "open the log %s", path);
	r = log_reader_init(&reading.reader, fd, request->tail);
	if (r < 0)
		r = error_errno(err, r, "read the log %s", path);
	else
		r = monitor < 0 ? drain(&reading, err) : follow(&reading, monitor, err);
	log_reader_release(&reading.reader);
	return r;
}
