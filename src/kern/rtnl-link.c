#include "kern/rtnl-link.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#define CREATE (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

static size_t begin_info(struct netlink_batch *batch, const char *kind, size_t *ret_data)
{
	size_t info = netlink_nest(batch, IFLA_LINKINFO);

	netlink_put_text(batch, IFLA_INFO_KIND, kind);
	*ret_data = netlink_nest(batch, IFLA_INFO_DATA);
	return info;
}

void rtnl_link_add_bridge(struct netlink_batch *batch, const struct rtnl_bridge *bridge)
{
	struct ifinfomsg header = {0};
	size_t info, data;

	netlink_begin(batch, RTM_NEWLINK, CREATE, &header, sizeof(header));
	netlink_put_text(batch, IFLA_IFNAME, bridge->name);
	netlink_put(batch, IFLA_ADDRESS, bridge->mac, sizeof(bridge->mac));
	netlink_put_u32(batch, IFLA_MTU, bridge->mtu);
	info = begin_info(batch, "bridge", &data);
	netlink_nest_end(batch, data);
	netlink_nest_end(batch, info);
}

void rtnl_link_add_veth(struct netlink_batch *batch, const struct rtnl_veth *veth)
{
	/* Neither can be up at birth: veth_open() refuses as long as the pair is not one. */
	struct ifinfomsg near = {0}, far = {0};
	size_t info, data, peer;

	netlink_begin(batch, RTM_NEWLINK, CREATE, &near, sizeof(near));
	netlink_put_text(batch, IFLA_IFNAME, veth->name);
	netlink_put_u32(batch, IFLA_MTU, veth->mtu);
	if (veth->master)
		netlink_put_u32(batch, IFLA_MASTER, veth->master);
	info = begin_info(batch, "veth", &data);
	peer = netlink_nest(batch, VETH_INFO_PEER);
	netlink_put_raw(batch, &far, sizeof(far));
	netlink_put_text(batch, IFLA_IFNAME, veth->peer_name);
	netlink_put_u32(batch, IFLA_MTU, veth->mtu);
	netlink_put(batch, IFLA_ADDRESS, veth->peer_mac, sizeof(veth->peer_mac));
	netlink_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)veth->peer_netns_fd);
	netlink_nest_end(batch, peer);
	netlink_nest_end(batch, data);
	netlink_nest_end(batch, info);
}

void rtnl_link_set_up(struct netlink_batch *batch, uint32_t index)
{
	struct ifinfomsg header = {
		.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

	assert(index > 0);
	netlink_begin(batch, RTM_SETLINK, NLM_F_ACK, &header, sizeof(header));
}

void rtnl_link_set_port_up(struct netlink_batch *batch, uint32_t index, unsigned flags,
			   const char *alias)
{
	struct ifinfomsg header = {
		.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	size_t info, data;

	assert(index > 0);
	/* Without NLM_F_CREATE it changes, and unlike RTM_SETLINK knows of ports. */
	netlink_begin(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
	netlink_put(batch, IFLA_IFALIAS, alias, strlen(alias));
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_put_text(batch, IFLA_INFO_SLAVE_KIND, "bridge");
	data = netlink_nest(batch, IFLA_INFO_SLAVE_DATA);
	netlink_put_u8(batch, IFLA_BRPORT_MODE, !!(flags & RTNL_PORT_HAIRPIN));
	netlink_put_u8(batch, IFLA_BRPORT_LEARNING, !(flags & RTNL_PORT_NO_LEARNING));
	netlink_nest_end(batch, data);
	netlink_nest_end(batch, info);
}

void rtnl_link_delete(struct netlink_batch *batch, uint32_t index)
{
	struct ifinfomsg header = {.ifi_index = (int)index};

	assert(index > 0);
	netlink_begin(batch, RTM_DELLINK, NLM_F_ACK, &header, sizeof(header));
}

static int parse_info(const struct netlink_attribute *info, struct rtnl_link *link)
{
	struct netlink_cursor cursor = netlink_nested(info);
	struct netlink_attribute attribute;
	int r;

	while ((r = netlink_next_attribute(&cursor, &attribute)) > 0) {
		if (attribute.type != IFLA_INFO_KIND)
			continue;
		r = netlink_get_text(&attribute, link->kind, sizeof(link->kind));
		if (r < 0)
			return r;
	}
	return r;
}

static int parse_attribute(const struct netlink_attribute *attribute, struct rtnl_link *link)
{
	switch (attribute->type) {
	case IFLA_IFNAME:
		return netlink_get_text(attribute, link->name, sizeof(link->name));
	case IFLA_IFALIAS:
		return netlink_get_text(attribute, link->alias, sizeof(link->alias));
	case IFLA_MTU:
		return netlink_get_u32(attribute, &link->mtu);
	case IFLA_MASTER:
		return netlink_get_u32(attribute, &link->master);
	case IFLA_LINKINFO:
		return parse_info(attribute, link);
	default:
		return 0;
	}
}

int rtnl_link_parse(const struct netlink_message *message, struct rtnl_link *ret)
{
	struct rtnl_link link = {0};
	struct netlink_attribute attribute;
	struct netlink_cursor cursor;
	struct ifinfomsg header;
	int r;

	r = netlink_attributes(message, sizeof(header), &cursor);
	if (r < 0)
		return r;
	memcpy(&header, message->payload, sizeof(header));
	if (header.ifi_index <= 0)
		return -EBADMSG;
	link.index = (uint32_t)header.ifi_index;
	link.flags = header.ifi_flags;
	while ((r = netlink_next_attribute(&cursor, &attribute)) > 0) {
		r = parse_attribute(&attribute, &link);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (!link.name[0])
		return -EBADMSG;
	*ret = link;
	return 0;
}

static int take_link(const struct netlink_message *message, void *arg)
{
	return message->type == RTM_NEWLINK ? rtnl_link_parse(message, arg) : -EBADMSG;
}

int rtnl_link_find(struct netlink *netlink, const char *name, struct rtnl_link *ret)
{
	struct ifinfomsg header = {0};
	struct rtnl_link link = {0};
	auto_batch batch = {0};
	int r;

	netlink_begin(&batch, RTM_GETLINK, NLM_F_ACK, &header, sizeof(header));
	netlink_put_text(&batch, IFLA_IFNAME, name);
	netlink_put_u32(&batch, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = netlink_query(netlink, &batch, take_link, &link);
	if (r < 0)
		return r;
	if (link.index == 0)
		return -ENODEV;
	*ret = link;
	return 0;
}
