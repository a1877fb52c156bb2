#include "kern/rtnl-addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

void rtnl_addr_add(struct netlink_batch *batch, uint32_t index, struct in_addr address,
		   unsigned prefix)
{
	struct ifaddrmsg header = {
		.ifa_family = AF_INET, .ifa_prefixlen = (uint8_t)prefix, .ifa_index = index};
	struct in_addr broadcast = {address.s_addr |
				    htonl((uint32_t)(UINT64_C(0xffffffff) >> prefix))};

	assert(prefix <= 32);
	netlink_begin(batch, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &header,
		      sizeof(header));
	netlink_put(batch, IFA_LOCAL, &address, sizeof(address));
	netlink_put(batch, IFA_ADDRESS, &address, sizeof(address));
	if (prefix < 31)
		netlink_put(batch, IFA_BROADCAST, &broadcast, sizeof(broadcast));
}

struct listing {
	int (*each)(uint32_t index, struct in_addr address, unsigned prefix, void *arg);
	void *arg;
};

static int take_addr(const struct netlink_message *message, void *arg)
{
	const struct listing *listing = arg;
	struct netlink_attribute attribute;
	struct netlink_cursor cursor;
	struct in_addr address = {0};
	struct ifaddrmsg header;
	int r;

	r = netlink_attributes(message, sizeof(header), &cursor);
	if (r < 0)
		return r;
	memcpy(&header, message->payload, sizeof(header));
	if (message->type != RTM_NEWADDR || header.ifa_family != AF_INET ||
	    header.ifa_prefixlen > 32)
		return -EBADMSG;
	while ((r = netlink_next_attribute(&cursor, &attribute)) > 0) {
		if (attribute.type != IFA_ADDRESS)
			continue;
		r = netlink_get_u32(&attribute, &address.s_addr);
		if (r < 0)
			return r;
	}
	return r < 0 ? r
		     : listing->each(header.ifa_index, address, header.ifa_prefixlen, listing->arg);
}

int rtnl_addr_list(struct netlink *netlink,
		   int (*each)(uint32_t index, struct in_addr address, unsigned prefix, void *arg),
		   void *arg)
{
	struct listing listing = {.each = each, .arg = arg};
	struct ifaddrmsg header = {.ifa_family = AF_INET};
	auto_batch batch = {0};

	netlink_begin(&batch, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
	return netlink_query(netlink, &batch, take_addr, &listing);
}
