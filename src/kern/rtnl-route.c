#include "kern/rtnl-route.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

void rtnl_route_add_default(struct netlink_batch *batch, uint32_t index, struct in_addr gateway)
{
	struct rtmsg header = {
		.rtm_family = AF_INET,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	netlink_begin(batch, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header,
		      sizeof(header));
	netlink_put(batch, RTA_GATEWAY, &gateway, sizeof(gateway));
	netlink_put_u32(batch, RTA_OIF, index);
}

struct listing {
	int (*each)(const struct rtnl_route *route, void *arg);
	void *arg;
};

static int take_route(const struct netlink_message *message, void *arg)
{
	const struct listing *listing = arg;
	struct netlink_attribute attribute;
	struct netlink_cursor cursor;
	struct rtnl_route route = {0};
	struct rtmsg header;
	int r;

	r = netlink_attributes(message, sizeof(header), &cursor);
	if (r < 0)
		return r;
	memcpy(&header, message->payload, sizeof(header));
	if (message->type != RTM_NEWROUTE || header.rtm_family != AF_INET ||
	    header.rtm_dst_len > 32)
		return -EBADMSG;
	route.prefix = header.rtm_dst_len;
	route.table = header.rtm_table;
	while ((r = netlink_next_attribute(&cursor, &attribute)) > 0) {
		if (attribute.type == RTA_DST)
			r = netlink_get_u32(&attribute, &route.destination.s_addr);
		else if (attribute.type == RTA_OIF)
			r = netlink_get_u32(&attribute, &route.index);
		else if (attribute.type == RTA_TABLE)
			r = netlink_get_u32(&attribute, &route.table);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : listing->each(&route, listing->arg);
}

int rtnl_route_list(struct netlink *netlink, int (*each)(const struct rtnl_route *route, void *arg),
		    void *arg)
{
	struct listing listing = {.each = each, .arg = arg};
	struct rtmsg header = {.rtm_family = AF_INET};
	auto_batch batch = {0};

	netlink_begin(&batch, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
	return netlink_query(netlink, &batch, take_route, &listing);
}
