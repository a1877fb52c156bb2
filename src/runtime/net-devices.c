#include "runtime/net-devices.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/procfs.h"
#include "kern/rtnl-link.h"
#include "kern/rtnl-move.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>

static int open_namespace(const struct init *init, pid_t pid)
{
	auto_fd int proc_fd = -EBADF;
	char path[48];
	int fd;

	fd = init->namespace_fds[RUNTIME_NAMESPACE_NETWORK];
	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	proc_fd = procfs_open();
	if (proc_fd < 0)
		return proc_fd;
	(void)snprintf(path, sizeof(path), "%d/ns/net", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int move(struct netlink *netlink, struct netlink *inside, int netns_fd,
		const struct runtime_net_device *device, struct error *err)
{
	auto_batch batch = {0};
	CLEANUP(rtnl_addresses_release) struct rtnl_addresses addresses = {0};
	struct rtnl_link link;
	int r;

	r = rtnl_link_find(netlink, device->name, &link);
	if (r < 0)
		return error_errno(err, r, "find the network device %s", device->name);
	/* Those that somebody gave it for good; the kernel forgets them when it moves. */
	r = rtnl_addresses_read(netlink, link.index, &addresses);
	if (r < 0)
		return error_errno(err, r, "read the addresses of network device %s", device->name);
	rtnl_link_move(&batch, link.index, netns_fd, device->new_name);
	r = netlink_run(netlink, &batch, NULL);
	if (r < 0)
		return error_errno(err, r, "move the network device %s into the container as %s",
				   device->name, device->new_name);
	r = rtnl_link_find(inside, device->new_name, &link);
	if (r == 0) {
		rtnl_addresses_add(&batch, link.index, &addresses);
		rtnl_link_set_up(&batch, link.index);
		r = netlink_run(inside, &batch, NULL);
	}
	return r < 0 ? error_errno(err, r, "set up the network device %s in the container",
				   device->new_name)
		     : 0;
}

int net_devices_move(const struct init *init, pid_t pid, struct error *err)
{
	const struct runtime_config *config = init->config;
	auto_netlink netlink = NETLINK_CLOSED, inside = NETLINK_CLOSED;
	auto_fd int netns_fd = -EBADF;
	int r;

	netns_fd = open_namespace(init, pid);
	if (netns_fd < 0)
		return error_errno(err, netns_fd, "open the network namespace of the container");
	r = netlink_open(NETLINK_ROUTE, &netlink);
	if (r == 0)
		r = rtnl_open_in(netns_fd, &inside);
	if (r < 0)
		return error_errno(err, r, "talk to the kernel about network devices");
	for (size_t i = 0; r == 0 && i < config->net_device_count; i++)
		r = move(&netlink, &inside, netns_fd, &config->net_devices[i], err);
	return r;
}
