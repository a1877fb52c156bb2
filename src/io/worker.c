#include "io/worker.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_TEXT_MAX 4096 /* of an error */

/* Fetch is linked to some thirty libraries that the others should not have to load. */
static const char *const programs[] = {
	[WORKER_FETCH] = "kist-worker-fetch",
	[WORKER_UNPACK] = "kist-worker",
	[WORKER_APPLY] = "kist-worker",
	[WORKER_ARCHIVE] = "kist-worker",
};

static const char *const names[] = {
	[WORKER_FETCH] = "fetch",
	[WORKER_UNPACK] = "unpack",
	[WORKER_APPLY] = "apply",
	[WORKER_ARCHIVE] = "archive",
};

int worker_start(enum worker_role role, char *const *args, const int *fds, size_t fd_count,
		 struct worker *ret, struct error *err)
{
	struct spawn_fd map[WORKER_FDS_MAX + 2];
	auto_free char *program = NULL;
	auto_fd int ours = -EBADF, theirs = -EBADF;
	auto_strv argv = {0};
	struct child child;
	int pair[2], r;

	assert(fd_count <= WORKER_FDS_MAX);
	r = program_path(programs[role], &program);
	if (r < 0)
		return error_errno(err, r, "find kist-worker");
	r = imsg_pair(pair);
	if (r < 0)
		return error_errno(err, r, "make a socket for kist-worker");
	ours = pair[0];
	theirs = pair[1];
	map[0] = (struct spawn_fd) {.from = STDERR_FILENO, .to = STDERR_FILENO};
	map[1] = (struct spawn_fd) {.from = theirs, .to = WORKER_CONTROL};
	for (size_t i = 0; i < fd_count; i++)
		map[2 + i] = (struct spawn_fd) {.from = fds[i], .to = WORKER_FIRST + (int)i};
	strv_add(&argv, programs[role]);
	strv_add(&argv, names[role]);
	for (; *args; args++)
		strv_add(&argv, *args);
	r = spawn(&(struct spawn) {.path = program,
				   .argv = strv_argv(&argv),
				   .fds = map,
				   .fd_count = fd_count + 2,
				   .flags = SPAWN_DIE_WITH_PARENT},
		  &child);
	if (r < 0)
		return error_errno(err, r, "start %s %s", program, names[role]);
	*ret = (struct worker) {.role = role, .child = child, .control = TAKE_FD(ours)};
	return 0;
}

/* The worker has closed its socket, or said what it must not: its exit status has the rest. */
static int ended_early(struct worker *worker, struct error *err)
{
	int status = 0;

	if (worker->child.pid_fd >= 0 && child_wait(&worker->child, &status) < 0)
		status = 0;
	if (status > 128)
		return error_set(err, ERROR_SYSTEM, "kist-worker %s was killed by signal %d",
				 names[worker->role], status - 128);
	return error_set(err, ERROR_SYSTEM, "kist-worker %s ended in the middle of its work (%d)",
			 names[worker->role], status);
}

static int broke_rules(struct worker *worker, struct error *err)
{
	child_kill(&worker->child);
	return error_set(err, ERROR_SYSTEM, "kist-worker %s sent a message that makes no sense",
			 names[worker->role]);
}

static int said_error(struct worker *worker, const struct imsg *message, struct error *err)
{
	uint32_t kind;

	if (message->len <= sizeof(kind) || message->len > sizeof(kind) + MESSAGE_TEXT_MAX)
		return broke_rules(worker, err);
	(void)memcpy(&kind, message->data, sizeof(kind));
	if (kind == ERROR_NONE || kind >= ERROR_KIND_COUNT)
		return broke_rules(worker, err);
	child_kill(&worker->child);
	return error_set(err, (enum error_kind)kind, "%s",
			 (const char *)message->data + sizeof(kind));
}

int worker_receive(struct worker *worker, bool wait, struct imsg *ret, struct error *err)
{
	int r;

	r = imsg_receive(worker->control, ret, wait);
	if (r == -EAGAIN)
		return 0;
	if (r == 0)
		return ended_early(worker, err);
	if (r == -EPROTO)
		return broke_rules(worker, err);
	if (r < 0)
		return error_errno(err, r, "hear from kist-worker %s", names[worker->role]);
	if (ret->type == WORKER_ERROR)
		return said_error(worker, ret, err);
	if (ret->type == WORKER_DONE)
		child_kill(&worker->child);
	return 1;
}

int worker_wait(struct worker *worker, struct str *data, size_t max, void *done, size_t done_len,
		struct error *err)
{
	auto_free struct imsg *message = mem_alloc(sizeof(*message));
	int r;

	for (;;) {
		r = worker_receive(worker, true, message, err);
		if (r < 0)
			return r;
		if (message->type == WORKER_PROGRESS)
			continue;
		if (message->type == WORKER_DONE)
			break;
		if (message->type != WORKER_DATA || !data || message->len > max - data->len)
			return broke_rules(worker, err);
		str_append_mem(data, message->data, message->len);
	}
	if (message->len != done_len)
		return broke_rules(worker, err);
	if (done_len > 0)
		(void)memcpy(done, message->data, done_len);
	return 0;
}

void worker_release(struct worker *worker)
{
	child_kill(&worker->child);
	worker->control = fd_close(worker->control);
}

void worker_send(uint32_t type, const void *data, size_t len)
{
	if (imsg_send(WORKER_CONTROL, type, data, len) < 0)
		_exit(125);
}

void worker_send_text(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = MIN(len, (size_t)IMSG_MAX);

		worker_send(WORKER_DATA, text, n);
		text += n;
		len -= n;
	}
}

void worker_fail(struct error *err)
{
	uint32_t kind = err->kind;
	auto_str message = {0};

	assert(kind != ERROR_NONE);
	str_append_mem(&message, &kind, sizeof(kind));
	str_append(&message, err->message);
	worker_send(WORKER_ERROR, message.data, MIN(message.len, sizeof(kind) + MESSAGE_TEXT_MAX));
	_exit(1);
}
