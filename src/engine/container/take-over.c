#include "engine/container/take-over.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "engine/container/attach.h"
#include "engine/container/operation.h"
#include "engine/container/start.h"
#include "monitor/client.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* For the end of the old one, and another one's take-over that is under way. */
#define WAIT_TIME (2 * TIME_SECOND)
#define PAUSE_NS  2000000

bool container_is_unwatched(const struct container *container)
{
	return container->state == CONTAINER_RUNNING && !container->monitor && !container->damage;
}

/* Up to the commit it ends with us, and the container does not notice. */
static int start_monitor(struct engine *engine, const struct container *container,
			 const struct attach_options *options, const struct wire_position *has,
			 int *ret_fd, struct error *err)
{
	const struct container_config *config = &container->config;
	struct wire_started started;
	auto_fd int fd = -EBADF;
	auto_strv args = {0};
	int r;

	r = container_monitor_arguments(engine, container, NULL, &args, err);
	if (r < 0)
		return r;
	strv_add(&args, "--take-over");
	r = monitor_start(&args, NULL, 0, &fd, err);
	if (r == 0 && has)
		r = monitor_send(fd, WIRE_RESUME, has, sizeof(*has), err);
	if (r == 0 && options)
		r = attachment_request(fd, options, config->open_stdin, config->stdin_once, err);
	if (r == 0)
		r = monitor_await_started(fd, &started, err);
	if (r == 0 && options)
		r = monitor_send(fd, WIRE_CLEANING, NULL, 0, err);
	if (r == 0)
		r = monitor_send(fd, WIRE_COMMIT, NULL, 0, err);
	if (r == 0 && ret_fd)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int container_take_over(struct engine *engine, struct container *container,
			const struct attach_options *options, const struct wire_position *has,
			int *ret_fd, struct error *err)
{
	struct intent intent;
	int r;

	/* Whoever is at it, ends it or takes it over himself. */
	if (container_operation_try(engine, container->id, UNDO_CLEAN, NULL, &intent, NULL) < 0)
		return 0;
	r = container_refresh(engine, container, err);
	if (r == 0 && container_is_unwatched(container)) {
		r = start_monitor(engine, container, options, has, ret_fd, err);
		r = r < 0 ? r : 1;
	}
	intent_end(&intent);
	return r;
}

/* One try: 1, we are connected; 0, not yet; -ECANCELED: there is nothing to connect to. */
static int attach_once(struct engine *engine, struct attachment *attachment,
		       const struct attach_options *options, const struct wire_position *has,
		       pid_t old)
{
	struct container *container = attachment->container;
	int fd = -EBADF, r;

	if (container_refresh(engine, container, NULL) < 0 ||
	    container->state != CONTAINER_RUNNING || container->config.tty)
		return -ECANCELED;
	/* The old one is on its way out; or it lives, and has disconnected us. */
	if (old && container->monitor == old)
		return 0;
	if (container->monitor) {
		struct attachment again = ATTACHMENT_NONE;

		if (container_attach(engine, container, options, &again, NULL) < 0)
			return 0;
		(void)fd_close(attachment->fd);
		*attachment = again;
		return 1;
	}
	r = container_take_over(engine, container, options, has, &fd, NULL);
	if (r <= 0)
		return 0;
	(void)fd_close(attachment->fd);
	attachment->fd = fd;
	attachment->owner = true;
	return 1;
}

bool container_attach_again(struct engine *engine, struct attachment *attachment,
			    const struct attach_options *options, const struct wire_position *has)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	pid_t old = attachment->container->monitor;
	int64_t deadline = time_monotonic() + WAIT_TIME;
	int r;

	while ((r = attach_once(engine, attachment, options, has, old)) == 0 &&
	       time_monotonic() < deadline)
		(void)nanosleep(&pause, NULL);
	return r > 0;
}
