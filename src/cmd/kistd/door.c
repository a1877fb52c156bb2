#include "cmd/kistd/door.h"

#include "api/docker/routes.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "cmd/kistd/connection.h"
#include "io/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define MEMORY_MAX	(192u << 20) /* of the process */
#define BYTES_MAX	(48u << 20)  /* of what clients have sent */
#define DESCRIPTORS_OWN 64
#define ACCEPT_BATCH	16
#define DRAIN_MAX	(5 * TIME_SECOND)

/* Sockets that are there, the spawner's included, records in memory, and memory. Nothing that
 * opens, connects, executes, signals or makes a process. */
static const int system_calls[] = {
	SYS_accept4,	  SYS_recvfrom,	     SYS_recvmsg,      SYS_sendto,   SYS_sendmsg,
	SYS_getsockopt,	  SYS_close,	     SYS_read,	       SYS_pwrite64, SYS_write,
	SYS_writev,	  SYS_epoll_ctl,     SYS_epoll_pwait,  SYS_brk,	     SYS_mmap,
	SYS_munmap,	  SYS_mremap,	     SYS_madvise,      SYS_exit,     SYS_exit_group,
	SYS_rt_sigreturn, SYS_clock_gettime, SYS_memfd_create, SYS_getpid,   SYS_rt_sigprocmask,
	SYS_gettid,	  SYS_tgkill,	     SYS_getrandom,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
};

int door_confine(struct error *err)
{
	const struct sandbox sandbox = {
		.root_fd = -EBADF,
		.see_users = true,
		.memory = MEMORY_MAX,
		.descriptors = DOOR_CONNECTIONS_MAX + DESCRIPTORS_OWN,
		.system_calls = system_calls,
		.system_call_count = ARRAY_SIZE(system_calls),
	};

	return sandbox_enter(&sandbox, err);
}

/* ------------------------------------------------------------------------------ listeners */

void door_listen(struct door *door, bool on)
{
	on = on && !door->draining;
	if (on == door->listening)
		return;
	door->listening = on;
	for (size_t i = 0; i < door->listener_count; i++)
		/* What is watched once can be watched again: the loop has room for it. */
		(void)!loop_watch(&door->loop, &door->listeners[i], on ? EPOLLIN : 0);
}

static void accept_client(struct door *door, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct quota_user *user = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		user = quota_connect(&door->quota, peer.uid);
	if (!user) {
		connection_refuse(fd);
		(void)fd_close(fd);
		return;
	}
	connection_new(door, fd, user);
}

static void on_listener(void *arg, uint32_t events UNUSED)
{
	struct door *door = arg;

	for (size_t i = 0; i < door->listener_count; i++)
		for (int n = 0; n < ACCEPT_BATCH; n++) {
			int fd;

			/* The others wait in the queue of the kernel until somebody leaves. */
			if (door->quota.connections == door->quota.connections_max) {
				door_listen(door, false);
				return;
			}
			fd = accept4(door->listeners[i].fd, NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0)
				break;
			accept_client(door, fd);
		}
}

/* -------------------------------------------------------------------------------- control */

static void on_control(void *arg, uint32_t events UNUSED)
{
	struct door *door = arg;
	struct wire_end end;
	int r;

	while ((r = wire_receive_end(DOOR_CONTROL, &end)) == 1) {
		if (end.id != 0) {
			connection_operation_ended(door, end.id, end.status);
			continue;
		}
		door_listen(door, false);
		door->draining = true;
		door->drain_end = time_monotonic() + DRAIN_MAX;
		connection_sweep(door);
	}
	if (r != -EAGAIN)
		door->gone = true;
}

static void on_sweep(void *arg)
{
	struct door *door = arg;

	connection_sweep(door);
}

static bool is_over(const struct door *door)
{
	if (door->gone || !door->draining)
		return door->gone;
	/* Left are those that the door will not see again. */
	return door->outstanding - door->promised == door->quota.connections ||
	       time_monotonic() >= door->drain_end;
}

/* ---------------------------------------------------------------------------------- start */

static int watch(struct door *door, struct loop_source *source, int fd,
		 void (*ready)(void *, uint32_t), struct error *err)
{
	int r;

	*source = (struct loop_source) {.fd = fd, .ready = ready, .arg = door};
	r = loop_watch(&door->loop, source, EPOLLIN);
	return r < 0 ? error_errno(err, r, "watch descriptor %d", fd) : 0;
}

static int open_door(struct door *door, size_t listener_count, struct error *err)
{
	int r = loop_init(&door->loop);

	if (r < 0)
		return error_errno(err, r, "make an event loop");
	door->routes = docker_routes;
	door->sweep = (struct loop_timer) {.expired = on_sweep, .arg = door};
	r = watch(door, &door->control, DOOR_CONTROL, on_control, err);
	for (size_t i = 0; i < listener_count && r == 0; i++)
		r = watch(door, &door->listeners[i], DOOR_LISTENER + (int)i, on_listener, err);
	door->listener_count = listener_count;
	door->listening = true;
	return r;
}

/* As many connections as there may be descriptors for. */
static size_t connections_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 2 * DESCRIPTORS_OWN)
		return DESCRIPTORS_OWN;
	return MIN((size_t)limit.rlim_cur - DESCRIPTORS_OWN, (size_t)DOOR_CONNECTIONS_MAX);
}

int door_run(size_t listener_count, struct error *err)
{
	auto_free struct door *door = mem_new(struct door);
	int r;

	r = open_door(door, listener_count, err);
	if (r < 0)
		return r;
	door->quota = (struct quota) {.connections_max = connections_max(), .bytes_max = BYTES_MAX};
	r = door_confine(err);
	if (r < 0)
		return r;
	while (r == 0 && !is_over(door))
		r = loop_step(&door->loop);
	return r < 0 ? error_errno(err, r, "wait for clients") : 0;
}
