#include "cmd/kistd/spawner.h"

#include "api/operation.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "cmd/kistd/wire.h"
#include "io/imsg.h"
#include "io/spawn.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A door that lived for less than this is not started again at once. */
#define DOOR_LIFE_MIN TIME_SECOND
/* What a door has to end in: more than it takes for the requests that it is reading. */
#define STOP_TIME (8 * TIME_SECOND)
#define STOP_POLL 500 /* ms */

enum slot_state {
	SLOT_FREE,
	SLOT_RUNNING,
	SLOT_ENDED, /* the door has not been told yet */
};

struct slot {
	enum slot_state state;
	pid_t pid;
	uint64_t id;   /* of the door's */
	unsigned door; /* which door asked */
	int status;
};

struct spawner {
	const struct spawner_config *config;
	char *operation; /* path of kist-operation */
	struct child door;
	int control; /* to the door */
	unsigned door_number;
	int64_t door_started;
	int signals;
	bool stopping;
	int64_t stop_end; /* when a door that does not end by itself is ended */
	struct slot slots[OPERATIONS_MAX];
	size_t ended; /* slots in SLOT_ENDED */
};

/* ----------------------------------------------------------------------------------- door */

static int start_door(struct spawner *spawner, struct error *err)
{
	const struct listeners *listeners = spawner->config->listeners;
	char count[16];
	char *const argv[] = {(char *)"kistd", (char *)"door", count, NULL};
	struct spawn_fd fds[2 + LISTENERS_MAX] = {{STDERR_FILENO, STDERR_FILENO}};
	struct spawn spawn_door = {
		.path = "/proc/self/exe",
		.argv = argv,
		.fds = fds,
		.fd_count = 2 + listeners->count,
		.flags = SPAWN_DIE_WITH_PARENT | SPAWN_NEW_PIDS,
	};
	int pair[2], r;

	r = imsg_pair(pair);
	if (r < 0)
		return error_errno(err, r, "start the door");
	(void)snprintf(count, sizeof(count), "%zu", listeners->count);
	fds[1] = (struct spawn_fd) {pair[1], DOOR_CONTROL};
	for (size_t i = 0; i < listeners->count; i++)
		fds[2 + i] = (struct spawn_fd) {listeners->list[i].fd, DOOR_LISTENER + (int)i};
	r = spawn(&spawn_door, &spawner->door);
	(void)fd_close(pair[1]);
	if (r < 0) {
		(void)fd_close(pair[0]);
		return error_errno(err, r, "start the door");
	}
	spawner->control = pair[0];
	spawner->door_number++;
	spawner->door_started = time_monotonic();
	return 0;
}

static void end_door(struct spawner *spawner)
{
	child_kill(&spawner->door);
	spawner->control = fd_close(spawner->control);
}

/* What died is started again: but not as fast as it can die. */
static int replace_door(struct spawner *spawner, struct error *err)
{
	end_door(spawner);
	if (spawner->stopping)
		return 0;
	(void)fprintf(stderr, "kistd: the door has ended; starting another\n");
	if (time_monotonic() - spawner->door_started < DOOR_LIFE_MIN)
		(void)usleep(DOOR_LIFE_MIN / 1000);
	return start_door(spawner, err);
}

/* ----------------------------------------------------------------------------- operations */

static struct slot *free_slot(struct spawner *spawner)
{
	for (size_t i = 0; i < OPERATIONS_MAX; i++)
		if (spawner->slots[i].state == SLOT_FREE)
			return &spawner->slots[i];
	return NULL;
}

static int spawn_operation(const struct spawner *spawner, const struct wire_start *start,
			   pid_t *ret)
{
	const struct spawn_fd fds[] = {
		{STDERR_FILENO, STDERR_FILENO},
		{start->connection, OPERATION_CONNECTION},
		{start->record, OPERATION_RECORD},
	};
	const char *argv[6] = {"kist-operation"};
	struct spawn spawn_one = {
		.path = spawner->operation,
		.argv = (char *const *)argv,
		.env = environ,
		.fds = fds,
		.fd_count = ARRAY_SIZE(fds),
		.flags = SPAWN_NEW_SESSION,
	};
	struct child child;
	size_t n = 1;
	int r;

	if (spawner->config->dir) {
		argv[n++] = "--root";
		argv[n++] = spawner->config->dir;
	}
	if (spawner->config->run) {
		argv[n++] = "--runroot";
		argv[n++] = spawner->config->run;
	}
	r = spawn(&spawn_one, &child);
	if (r < 0) {
		(void)fprintf(stderr, "kistd: start %s: %s\n", spawner->operation, strerror(-r));
		return r;
	}
	*ret = child.pid;
	(void)fd_close(child.pid_fd);
	return 0;
}

static void start_operation(struct spawner *spawner, const struct wire_start *start)
{
	struct slot *slot = free_slot(spawner);
	struct wire_end full = {.id = start->id, .status = -EAGAIN};
	int r;

	if (slot) {
		*slot = (struct slot) {.id = start->id, .door = spawner->door_number};
		r = spawn_operation(spawner, start, &slot->pid);
		slot->state = r < 0 ? SLOT_ENDED : SLOT_RUNNING;
		slot->status = r;
		spawner->ended += r < 0;
	} else {
		/* Not heard by a door that does not listen: it then has more to worry about. */
		(void)!wire_send_end(spawner->control, &full);
	}
	(void)fd_close(start->connection);
	(void)fd_close(start->record);
}

static void note_end(struct spawner *spawner, pid_t pid, int status)
{
	for (size_t i = 0; i < OPERATIONS_MAX; i++) {
		struct slot *slot = &spawner->slots[i];

		if (slot->state != SLOT_RUNNING || slot->pid != pid)
			continue;
		slot->state = slot->door == spawner->door_number ? SLOT_ENDED : SLOT_FREE;
		slot->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		spawner->ended += slot->state == SLOT_ENDED;
		return;
	}
}

static void reap(struct spawner *spawner)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != spawner->door.pid) {
			note_end(spawner, pid, status);
			continue;
		}
		/* Its end of the socket is closed, which is where we notice. */
		spawner->door.pid_fd = fd_close(spawner->door.pid_fd);
	}
}

/* Tells the door of operations that have ended, as far as it takes it. */
static void report(struct spawner *spawner)
{
	for (size_t i = 0; i < OPERATIONS_MAX && spawner->ended > 0; i++) {
		struct slot *slot = &spawner->slots[i];
		struct wire_end end = {.id = slot->id, .status = slot->status};

		if (slot->state != SLOT_ENDED)
			continue;
		if (slot->door == spawner->door_number &&
		    wire_send_end(spawner->control, &end) == -EAGAIN)
			return;
		slot->state = SLOT_FREE;
		spawner->ended--;
	}
}

/* ----------------------------------------------------------------------------------- loop */

static void take_signals(struct spawner *spawner)
{
	struct signalfd_siginfo info;

	while (read(spawner->signals, &info, sizeof(info)) == sizeof(info)) {
		struct wire_end stop = {.id = 0};

		if (info.ssi_signo == SIGCHLD)
			continue;
		if (!spawner->stopping && wire_send_end(spawner->control, &stop) < 0)
			end_door(spawner);
		if (!spawner->stopping)
			spawner->stop_end = time_monotonic() + STOP_TIME;
		spawner->stopping = true;
	}
	reap(spawner);
}

/* 0: all is well; 1: the door is to be replaced. */
static int take_request(struct spawner *spawner)
{
	struct wire_start start;
	int r = wire_receive_start(spawner->control, &start);

	if (r == 1) {
		start_operation(spawner, &start);
		return 0;
	}
	return r == -EAGAIN ? 0 : 1;
}

static int step(struct spawner *spawner, struct error *err)
{
	struct pollfd fds[] = {
		{.fd = spawner->signals, .events = POLLIN},
		{.fd = spawner->control,
		 .events = (short)(POLLIN | (spawner->ended > 0 ? POLLOUT : 0))},
	};

	if (spawner->stopping && time_monotonic() >= spawner->stop_end) {
		end_door(spawner);
		return 0;
	}
	if (poll(fds, ARRAY_SIZE(fds), spawner->stopping ? STOP_POLL : -1) < 0)
		return errno == EINTR ? 0 : error_errno(err, errno, "wait for requests");
	if (fds[0].revents)
		take_signals(spawner);
	if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) && take_request(spawner) == 1)
		return replace_door(spawner, err);
	report(spawner);
	return 0;
}

static int watch_signals(struct error *err)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return error_errno(err, errno, "block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(err, errno, "watch signals") : fd;
}

int spawner_run(const struct spawner_config *config, struct error *err)
{
	auto_free struct spawner *spawner = mem_new(struct spawner);
	auto_free char *operation = NULL;
	auto_fd int signals = -EBADF;
	int r;

	r = program_path("kist-operation", &operation);
	if (r < 0)
		return error_errno(err, r, "find kist-operation");
	signals = watch_signals(err);
	if (signals < 0)
		return signals;
	spawner->config = config;
	spawner->operation = operation;
	spawner->signals = signals;
	spawner->door.pid_fd = -EBADF;
	r = start_door(spawner, err);
	while (r == 0 && spawner->control >= 0)
		r = step(spawner, err);
	end_door(spawner);
	return r;
}
