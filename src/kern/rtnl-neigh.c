#include "kern/rtnl-neigh.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define SET (NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)

void rtnl_neigh_add(struct netlink_batch *batch, uint32_t index, struct in_addr address,
		    const uint8_t mac[RTNL_MAC_SIZE])
{
	struct ndmsg header = {
		.ndm_family = AF_INET, .ndm_ifindex = (int)index, .ndm_state = NUD_PERMANENT};

	netlink_begin(batch, RTM_NEWNEIGH, SET, &header, sizeof(header));
	netlink_put(batch, NDA_DST, &address, sizeof(address));
	netlink_put(batch, NDA_LLADDR, mac, RTNL_MAC_SIZE);
}

void rtnl_neigh_delete(struct netlink_batch *batch, uint32_t index, struct in_addr address)
{
	struct ndmsg header = {.ndm_family = AF_INET, .ndm_ifindex = (int)index};

	netlink_begin(batch, RTM_DELNEIGH, NLM_F_ACK, &header, sizeof(header));
	netlink_put(batch, NDA_DST, &address, sizeof(address));
}

void rtnl_fdb_add(struct netlink_batch *batch, uint32_t port, const uint8_t mac[RTNL_MAC_SIZE])
{
	/* NUD_NOARP: static, neither aged nor moved. */
	struct ndmsg header = {.ndm_family = AF_BRIDGE,
			       .ndm_ifindex = (int)port,
			       .ndm_state = NUD_NOARP,
			       .ndm_flags = NTF_MASTER};

	netlink_begin(batch, RTM_NEWNEIGH, SET, &header, sizeof(header));
	netlink_put(batch, NDA_LLADDR, mac, RTNL_MAC_SIZE);
}
