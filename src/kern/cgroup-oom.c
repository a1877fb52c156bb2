#include "kern/cgroup-oom.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int register_event(const struct cgroup *cgroup, struct cgroup_oom *oom)
{
	char text[32];

	oom->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (oom->event_fd < 0)
		return -errno;
	(void)snprintf(text, sizeof(text), "%d %d", oom->event_fd, oom->control_fd);
	return cgroup_write(cgroup, "memory", "cgroup.event_control", text);
}

int cgroup_oom_open(const struct cgroup *cgroup, struct cgroup_oom *ret)
{
	auto_cgroup_oom oom = CGROUP_OOM_CLOSED;
	int r;

	r = cgroup_open_file(cgroup, "memory", cgroup->v2 ? "memory.events" : "memory.oom_control",
			     O_RDONLY);
	if (r < 0)
		return r;
	oom.control_fd = r;
	r = cgroup->v2 ? cgroup_oom_count(cgroup, &oom.count) : register_event(cgroup, &oom);
	if (r < 0)
		return r;
	*ret = oom;
	oom = CGROUP_OOM_CLOSED;
	return 0;
}

void cgroup_oom_close(struct cgroup_oom *oom)
{
	oom->event_fd = fd_close(oom->event_fd);
	oom->control_fd = fd_close(oom->control_fd);
}

void cgroup_oom_poll(const struct cgroup_oom *oom, struct pollfd *ret)
{
	if (oom->event_fd >= 0)
		*ret = (struct pollfd) {.fd = oom->event_fd, .events = POLLIN};
	else
		*ret = (struct pollfd) {.fd = oom->control_fd, .events = POLLPRI};
}

int cgroup_oom_read(struct cgroup_oom *oom, const struct cgroup *cgroup)
{
	uint64_t count;
	char byte;
	int r;

	if (oom->event_fd >= 0) {
		/* It also says that the cgroup was removed. */
		if (read(oom->event_fd, &count, sizeof(count)) != sizeof(count))
			return errno == EAGAIN ? 0 : -errno;
		return cgroup_exists(cgroup);
	}
	/* What was read is not told again. */
	if (pread(oom->control_fd, &byte, 1, 0) < 0)
		return errno == ENODEV ? 0 : -errno;
	r = cgroup_oom_count(cgroup, &count);
	if (r < 0)
		return r;
	r = count > oom->count;
	oom->count = count;
	return r;
}
