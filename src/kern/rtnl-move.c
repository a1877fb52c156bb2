#include "kern/rtnl-move.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/netns.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 256

static size_t address_size(const struct ifaddrmsg *header)
{
	return header->ifa_family == AF_INET ? 4 : 16;
}

static int take_address(const struct netlink_message *message, void *arg)
{
	struct rtnl_addresses *addresses = arg;
	struct rtnl_address address = {0};
	struct netlink_attribute attribute;
	struct netlink_cursor cursor;
	bool found = false;
	int r;

	r = netlink_attributes(message, sizeof(address.header), &cursor);
	if (r < 0)
		return r;
	memcpy(&address.header, message->payload, sizeof(address.header));
	if (address.header.ifa_index != addresses->index ||
	    !(address.header.ifa_flags & IFA_F_PERMANENT) ||
	    address.header.ifa_scope != RT_SCOPE_UNIVERSE ||
	    (address.header.ifa_family != AF_INET && address.header.ifa_family != AF_INET6))
		return 0;
	while ((r = netlink_next_attribute(&cursor, &attribute)) > 0) {
		/* IFA_LOCAL, where there is one, is the address; the other is the peer's. */
		if (attribute.type != IFA_LOCAL && (attribute.type != IFA_ADDRESS || found))
			continue;
		if (attribute.len != address_size(&address.header))
			return -EBADMSG;
		memcpy(address.local, attribute.payload, attribute.len);
		found = true;
	}
	if (r < 0 || !found)
		return r;
	if (addresses->n == ADDRESSES_MAX)
		return -E2BIG;
	addresses->v = mem_resize(addresses->v, (addresses->n + 1) * sizeof(*addresses->v));
	addresses->v[addresses->n++] = address;
	return 0;
}

int rtnl_addresses_read(struct netlink *netlink, uint32_t index, struct rtnl_addresses *ret)
{
	struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
	struct rtnl_addresses addresses = {.index = index};
	auto_batch batch = {0};
	int r;

	netlink_begin(&batch, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
	r = netlink_query(netlink, &batch, take_address, &addresses);
	if (r < 0) {
		rtnl_addresses_release(&addresses);
		return r;
	}
	*ret = addresses;
	return 0;
}

void rtnl_addresses_release(struct rtnl_addresses *addresses)
{
	mem_freep(&addresses->v);
}

void rtnl_addresses_add(struct netlink_batch *batch, uint32_t index,
			const struct rtnl_addresses *addresses)
{
	for (size_t i = 0; i < addresses->n; i++) {
		const struct rtnl_address *address = &addresses->v[i];
		size_t size = address_size(&address->header);
		struct ifaddrmsg header = {.ifa_family = address->header.ifa_family,
					   .ifa_prefixlen = address->header.ifa_prefixlen,
					   .ifa_index = index};

		netlink_begin(batch, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &header,
			      sizeof(header));
		netlink_put(batch, IFA_LOCAL, address->local, size);
		netlink_put(batch, IFA_ADDRESS, address->local, size);
	}
}

void rtnl_link_move(struct netlink_batch *batch, uint32_t index, int netns_fd, const char *name)
{
	struct ifinfomsg header = {.ifi_index = (int)index};

	netlink_begin(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
	netlink_put_text(batch, IFLA_IFNAME, name);
	netlink_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)netns_fd);
}

int rtnl_open_in(int netns_fd, struct netlink *ret)
{
	auto_fd int home = netns_current();
	int r;

	if (home < 0)
		return home;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	r = netlink_open(NETLINK_ROUTE, ret);
	netns_return(home);
	return r;
}
