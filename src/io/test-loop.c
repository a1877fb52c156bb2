#include "io/loop.h"

#include "base/fd.h"
#include "base/test.h"
#include "base/time.h"

#include <unistd.h>

struct probe {
	struct loop *loop;
	struct loop_source source;
	struct probe *victim;
	int calls;
};

static void probe_ready(void *arg, uint32_t events)
{
	struct probe *probe = arg;

	(void)events;
	probe->calls++;
	if (probe->victim)
		loop_forget(probe->loop, &probe->victim->source);
}

static void probe_open(struct probe *probe, struct loop *loop, int *ret_writer)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*probe = (struct probe) {.loop = loop,
				 .source = {.fd = ends[0], .ready = probe_ready, .arg = probe}};
	*ret_writer = ends[1];
}

TEST(a_source_forgotten_by_another_callback_of_the_same_batch_is_not_called)
{
	struct probe a, b;
	struct loop loop;
	int wa, wb;

	assert_int_equal(loop_init(&loop), 0);
	probe_open(&a, &loop, &wa);
	probe_open(&b, &loop, &wb);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(loop_watch(&loop, &a.source, EPOLLIN), 0);
	assert_int_equal(loop_watch(&loop, &b.source, EPOLLIN), 0);
	assert_int_equal(fd_write_full(wa, "x", 1), 0);
	assert_int_equal(fd_write_full(wb, "x", 1), 0);
	assert_int_equal(loop_step(&loop), 0);
	assert_int_equal(a.calls + b.calls, 1);
	(void)close(a.source.fd);
	(void)close(b.source.fd);
	(void)close(wa);
	(void)close(wb);
	loop_release(&loop);
}

static void count(void *arg)
{
	++*(int *)arg;
}

TEST(a_hang_up_of_a_source_that_is_not_watched_does_not_wake_the_loop)
{
	int fired = 0, writer;
	struct loop_timer timer = {.expired = count, .arg = &fired};
	struct probe probe;
	struct loop loop;

	assert_int_equal(loop_init(&loop), 0);
	probe_open(&probe, &loop, &writer);
	assert_int_equal(loop_watch(&loop, &probe.source, EPOLLIN), 0);
	assert_int_equal(loop_watch(&loop, &probe.source, 0), 0);
	(void)close(writer);
	loop_arm(&loop, &timer, TIME_SECOND / 100);
	assert_int_equal(loop_step(&loop), 0);
	assert_int_equal(fired, 1);
	assert_int_equal(probe.calls, 0);
	(void)close(probe.source.fd);
	loop_release(&loop);
}

TEST(timers_fire_in_time_and_once_and_not_when_disarmed)
{
	int fired = 0, never = 0;
	struct loop_timer timer = {.expired = count, .arg = &fired};
	struct loop_timer other = {.expired = count, .arg = &never};
	struct loop_timer late = {.expired = count, .arg = &never};
	int64_t start = time_monotonic();
	struct loop loop;

	assert_int_equal(loop_init(&loop), 0);
	loop_arm(&loop, &other, TIME_SECOND / 1000);
	loop_arm(&loop, &timer, TIME_SECOND / 50);
	loop_arm(&loop, &late, TIME_SECOND * 1000);
	loop_disarm(&loop, &other);
	assert_int_equal(loop_step(&loop), 0);
	assert_int_equal(fired, 1);
	assert_int_equal(never, 0);
	assert_true(time_monotonic() - start >= TIME_SECOND / 50);
	assert_int_equal(timer.due, 0);
	loop_release(&loop);
}
