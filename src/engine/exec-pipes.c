#include "engine/exec-pipes.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (16 * 1024)

/* What is typed and not yet taken. */
struct input {
	char data[BUFFER_SIZE];
	size_t len, sent;
};

static int open_pipe(struct exec_pipes *pipes, int number, int terminal)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pipes->caller[number] = terminal;
	pipes->process[number] = ends[number > 0];
	pipes->ours[number] = ends[number == 0];
	/* Our end alone: each has its own flags. */
	return fcntl(pipes->ours[number], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int exec_pipes_open(struct exec_pipes *pipes, const int stdio[3], struct error *err)
{
	struct stat st;
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++) {
		if (stdio[i] >= 0 && fstat(stdio[i], &st) == 0 && S_ISDIR(st.st_mode))
			return error_set(err, ERROR_INVALID,
					 "a directory cannot be a standard stream of a process in "
					 "a container");
		if (stdio[i] >= 0 && isatty(stdio[i]))
			r = open_pipe(pipes, i, stdio[i]);
		else
			pipes->process[i] = stdio[i];
	}
	return r < 0 ? error_errno(err, r, "make a pipe") : 0;
}

static void close_theirs(struct exec_pipes *pipes)
{
	for (int i = 0; i < 3; i++)
		if (pipes->caller[i] >= 0)
			fd_closep(&pipes->process[i]);
}

void exec_pipes_release(struct exec_pipes *pipes)
{
	close_theirs(pipes);
	for (int i = 0; i < 3; i++)
		fd_closep(&pipes->ours[i]);
}

static void read_input(struct exec_pipes *pipes, struct input *input)
{
	ssize_t n = read(pipes->caller[0], input->data, sizeof(input->data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	input->len = (size_t)MAX(n, (ssize_t)0);
	input->sent = 0;
	if (n <= 0)
		fd_closep(&pipes->ours[0]);
}

static void send_input(struct exec_pipes *pipes, struct input *input)
{
	ssize_t n = write(pipes->ours[0], input->data + input->sent, input->len - input->sent);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	input->sent += (size_t)MAX(n, (ssize_t)0);
	if (n < 0)
		fd_closep(&pipes->ours[0]);
	if (n < 0 || input->sent == input->len)
		input->len = input->sent = 0;
}

/* False: there is nothing (more) for now. */
static bool pass_output(struct exec_pipes *pipes, int number)
{
	char data[BUFFER_SIZE];
	ssize_t n;

	if (pipes->ours[number] < 0)
		return false;
	n = read(pipes->ours[number], data, sizeof(data));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	/* A terminal that is gone takes nothing more, and the process is to notice. */
	if (n > 0 && fd_write_full(pipes->caller[number], data, (size_t)n) == 0)
		return true;
	fd_closep(&pipes->ours[number]);
	return false;
}

/* Whether the process still runs. */
static int step(struct exec_pipes *pipes, struct input *input, int pid_fd)
{
	bool typing = pipes->ours[0] >= 0 && input->len == 0;
	struct pollfd fds[] = {
		{.fd = pid_fd, .events = POLLIN},
		{.fd = pipes->ours[1], .events = POLLIN},
		{.fd = pipes->ours[2], .events = POLLIN},
		{.fd = typing ? pipes->caller[0] : -1, .events = POLLIN},
		{.fd = input->len > 0 ? pipes->ours[0] : -1, .events = POLLOUT},
	};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 1 : -errno;
	for (int i = 1; i <= 2; i++)
		if (fds[i].revents)
			(void)pass_output(pipes, i);
	if (fds[3].revents)
		read_input(pipes, input);
	if (fds[4].revents)
		send_input(pipes, input);
	return !fds[0].revents;
}

int exec_pipes_carry(struct exec_pipes *pipes, int pid_fd, struct error *err)
{
	struct input input = {.len = 0};
	int r = 1;

	close_theirs(pipes);
	if (pipes->ours[0] < 0 && pipes->ours[1] < 0 && pipes->ours[2] < 0)
		return 0;
	while (r > 0)
		r = step(pipes, &input, pid_fd);
	if (r < 0)
		return error_errno(err, r, "wait for the process");
	for (int i = 1; i <= 2; i++)
		while (pass_output(pipes, i))
			;
	return 0;
}
