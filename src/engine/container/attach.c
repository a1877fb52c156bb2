#include "engine/container/attach.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "engine/container/state.h"
#include "io/unix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define FOLDER "attach"

static bool is_terminal_lost(const struct engine *engine, const char *id)
{
	auto_fd int run_fd = container_open_run_folder(engine, id);

	return run_fd >= 0 && faccessat(run_fd, WIRE_TERMINAL_LOST, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int container_attach(struct engine *engine, struct container *container,
		     const struct attach_options *options, struct attachment *ret,
		     struct error *err)
{
	const struct container_config *config = &container->config;
	auto_free char *bundle = container_run_folder(engine, container->id);
	auto_fd int fd = -EBADF;
	int r;

	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT,
				 "cannot attach to a stopped container, start it first");
	if (config->tty && is_terminal_lost(engine, container->id))
		return error_set(err, ERROR_CONFLICT,
				 "cannot attach to container %s: its monitor was killed, and its "
				 "terminal ended with it",
				 container->name);
	r = monitor_connect(bundle, &fd, err);
	if (r == 0)
		r = attachment_request(fd, options, config->open_stdin, config->stdin_once, err);
	if (r < 0)
		return r;
	*ret = (struct attachment) {
		.fd = TAKE_FD(fd),
		.waiting_fd = -EBADF,
		.container = container,
		.tty = config->tty,
		.with_stdin = config->open_stdin,
		.stdin_once = config->stdin_once,
	};
	return 0;
}

static char *folder_of(const char *id)
{
	return mem_printf(FOLDER "/%s", id);
}

int container_attach_next(struct engine *engine, struct container *container,
			  const struct attach_options *options, struct attachment *ret,
			  struct error *err)
{
	const struct container_config *config = &container->config;
	auto_free char *folder = folder_of(container->id), *name = NULL;
	auto_fd int dir_fd = -EBADF, fd = -EBADF;
	uint64_t random;
	int r;

	dir_fd = root_run_open(&engine->root, folder, err);
	if (dir_fd < 0)
		return dir_fd;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_errno(err, errno, "make a random name");
	name = mem_printf("%02x-%016llx",
			  attachment_mask(options, config->open_stdin, config->stdin_once),
			  (unsigned long long)random);
	fd = unix_listen(dir_fd, name, 0600, 1);
	if (fd < 0)
		return error_errno(err, fd, "wait for the start of container %s", container->name);
	/* Whoever has started it before it found us here will not come again. */
	r = container_refresh(engine, container, err);
	if (r == 0 && container->state == CONTAINER_RUNNING && unlinkat(dir_fd, name, 0) == 0)
		return container_attach(engine, container, options, ret, err);
	if (r < 0)
		return r;
	*ret = (struct attachment) {
		.fd = -EBADF,
		.waiting_fd = TAKE_FD(fd),
		.waiting = mem_printf("%s/%s", folder, name),
		.container = container,
		.exact = true,
		.tty = config->tty,
		.with_stdin = config->open_stdin,
		.stdin_once = config->stdin_once,
	};
	return 0;
}

static void stop_waiting(struct engine *engine, struct attachment *attachment)
{
	attachment->waiting_fd = fd_close(attachment->waiting_fd);
	(void)unlinkat(engine->root.run_fd, attachment->waiting, 0);
	mem_freep(&attachment->waiting);
}

/* Positive: somebody is there. 0: the client is gone. */
static int await_starter(const struct attachment *attachment, const struct attach_options *options)
{
	struct pollfd fds[] = {
		{.fd = attachment->waiting_fd, .events = POLLIN},
		{.fd = options->client},
	};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[0].revents ? 1 : 0;
}

int container_attach_await(struct engine *engine, struct attachment *attachment,
			   const struct attach_options *options, struct error *err)
{
	auto_fd int connection = -EBADF;
	int r = await_starter(attachment, options);

	if (r > 0) {
		connection = accept4(attachment->waiting_fd, NULL, NULL, SOCK_CLOEXEC);
		r = connection < 0 ? -errno : unix_receive_fd(connection);
		if (r >= 0)
			attachment->fd = r;
	}
	stop_waiting(engine, attachment);
	if (r < 0)
		return error_errno(err, r, "wait for the start of container %s",
				   attachment->container->name);
	return attachment->fd >= 0;
}

/* Returns the monitor's end, or -errno: nobody waits there any more. */
static int connect_one(int dir_fd, const char *name)
{
	auto_fd int connection = -EBADF, ours = -EBADF, theirs = -EBADF;
	int ends[2], high = parse_hex_digit(name[0]), low, r;
	unsigned char mask;

	low = high < 0 ? -1 : parse_hex_digit(name[1]);
	if (low < 0)
		return -EINVAL;
	mask = (unsigned char)(high << 4 | low);
	connection = unix_connect(dir_fd, name);
	if (connection < 0)
		return connection;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	r = mask ? monitor_send(theirs, WIRE_ATTACH, &mask, sizeof(mask), NULL) : 0;
	if (r == 0)
		r = monitor_send(theirs, WIRE_WAIT, NULL, 0, NULL);
	if (r == 0)
		r = unix_send_fd(connection, theirs);
	return r < 0 ? r : TAKE_FD(ours);
}

size_t container_attach_collect(struct engine *engine, const char *id,
				int ret[CONTAINER_WAITING_MAX])
{
	auto_free char *folder = folder_of(id);
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;
	int fd;

	fd = openat(engine->root.run_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return 0;
	}
	while (count < CONTAINER_WAITING_MAX && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		ret[count] = connect_one(dirfd(dir), entry->d_name);
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
		if (ret[count] >= 0)
			count++;
	}
	(void)closedir(dir);
	return count;
}

void container_attach_forget(struct engine *engine, const char *id)
{
	auto_free char *folder = folder_of(id);

	(void)!tree_remove(engine->root.run_fd, folder);
}

int attach_resize(const char *bundle, unsigned rows, unsigned columns, struct error *err)
{
	const struct wire_size size = {(uint16_t)MIN(rows, (unsigned)UINT16_MAX),
				       (uint16_t)MIN(columns, (unsigned)UINT16_MAX)};
	auto_fd int fd = -EBADF;
	int r = monitor_connect(bundle, &fd, err);

	return r < 0 ? r : monitor_send(fd, WIRE_RESIZE, &size, sizeof(size), err);
}

int container_resize(struct engine *engine, const struct container *container, unsigned rows,
		     unsigned columns, struct error *err)
{
	auto_free char *bundle = container_run_folder(engine, container->id);

	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	if (!container->config.tty)
		return error_set(err, ERROR_CONFLICT, "container %s has no terminal",
				 container->id);
	return attach_resize(bundle, rows, columns, err);
}
