/*
 * An event loop over epoll: descriptors and timers, level-triggered, one thread.
 *
 * Sources and timers are embedded in objects of the caller's and owned by them; the loop only links
 * them. A callback may watch, forget and free any source or timer, its own included. A source whose
 * events are 0 is not watched at all: not even its hang-up wakes the loop.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_BATCH 16

struct loop_source {
	int fd; /* the caller's */
	uint32_t events;
	void (*ready)(void *arg, uint32_t events);
	void *arg;
};

struct loop_timer {
	int64_t due; /* time_monotonic(); 0: not armed */
	struct loop_timer *next;
	void (*expired)(void *arg);
	void *arg;
};

struct loop {
	int epoll_fd;
	struct loop_timer *timers;
	struct epoll_event batch[LOOP_BATCH];
	int next, count; /* entries of the batch not yet dispatched */
};

int loop_init(struct loop *loop) MUST_CHECK;
void loop_release(struct loop *loop);

/* Watches the source for @events (EPOLLIN, EPOLLOUT) from now on; 0 stops. -errno only when a
 * source is added. */
int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events) MUST_CHECK;
/* Stops watching. To be called before the descriptor is closed or the source freed. */
void loop_forget(struct loop *loop, struct loop_source *source);

void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t delay_ns);
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* Waits for something to happen and calls its callbacks. 0 or -errno. */
int loop_step(struct loop *loop) MUST_CHECK;
