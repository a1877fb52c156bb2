#include "io/loop.h"

#include "base/fd.h"
#include "base/time.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>

int loop_init(struct loop *loop)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	*loop = (struct loop) {.epoll_fd = fd};
	return 0;
}

void loop_release(struct loop *loop)
{
	loop->epoll_fd = fd_close(loop->epoll_fd);
}

int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};
	int operation = source->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == source->events)
		return 0;
	if (!events) {
		loop_forget(loop, source);
		return 0;
	}
	if (epoll_ctl(loop->epoll_fd, operation, source->fd, &event) < 0)
		return -errno;
	source->events = events;
	return 0;
}

void loop_forget(struct loop *loop, struct loop_source *source)
{
	if (!source->events)
		return;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->events = 0;
	/* What the kernel already reported of it must not be dispatched any more. */
	for (int i = loop->next; i < loop->count; i++)
		if (loop->batch[i].data.ptr == source)
			loop->batch[i].data.ptr = NULL;
}

void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t delay_ns)
{
	if (!timer->due) {
		timer->next = loop->timers;
		loop->timers = timer;
	}
	timer->due = time_monotonic() + delay_ns;
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **link = &loop->timers;

	if (!timer->due)
		return;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->due = 0;
}

static int timeout_ms(const struct loop *loop)
{
	int64_t first = INT64_MAX, left;

	for (const struct loop_timer *t = loop->timers; t; t = t->next)
		first = MIN(first, t->due);
	if (first == INT64_MAX)
		return -1;
	left = first - time_monotonic();
	/* Rounded up: waking early would only mean another wait. */
	return left <= 0 ? 0 : (int)MIN(left / 1000000 + 1, (int64_t)INT_MAX);
}

static void expire(struct loop *loop)
{
	for (;;) {
		struct loop_timer *timer = loop->timers;
		int64_t now;

		if (!timer)
			return;
		now = time_monotonic();
		while (timer && timer->due > now)
			timer = timer->next;
		if (!timer)
			return;
		loop_disarm(loop, timer);
		timer->expired(timer->arg);
	}
}

int loop_step(struct loop *loop)
{
	int n;

	assert(loop->next == loop->count);
	do
		n = epoll_wait(loop->epoll_fd, loop->batch, LOOP_BATCH, timeout_ms(loop));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	loop->count = n;
	for (loop->next = 0; loop->next < loop->count;) {
		struct epoll_event event = loop->batch[loop->next++];
		struct loop_source *source = event.data.ptr;

		if (source)
			source->ready(source->arg, event.events);
	}
	expire(loop);
	return 0;
}
