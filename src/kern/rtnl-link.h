/*
 * Network interfaces: bridges and veth pairs, by rtnetlink.
 *
 * Functions that take a batch append one message to it, which netlink_run() then sends together
 * with others. Source: rtnetlink(7), <linux/if_link.h>, drivers/net/veth.c, net/bridge.
 */
#pragma once

#include "kern/netlink.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define RTNL_MAC_SIZE	6
#define RTNL_ALIAS_SIZE 256
#define RTNL_KIND_SIZE	16

struct rtnl_bridge {
	const char *name;
	uint8_t mac[RTNL_MAC_SIZE]; /* fixed, so that it does not change with the ports */
	uint32_t mtu;
};

struct rtnl_veth {
	const char *name;
	uint32_t master; /* index of the bridge that the near end becomes a port of; 0: none */
	uint32_t mtu;
	const char *peer_name;
	uint8_t peer_mac[RTNL_MAC_SIZE];
	int peer_netns_fd; /* the far end is born there */
};

void rtnl_link_add_bridge(struct netlink_batch *batch, const struct rtnl_bridge *bridge);
void rtnl_link_add_veth(struct netlink_batch *batch, const struct rtnl_veth *veth);

void rtnl_link_set_up(struct netlink_batch *batch, uint32_t index);

enum rtnl_port_flags {
	RTNL_PORT_HAIRPIN = 1 << 0, /* a frame may leave where it came in */
	RTNL_PORT_NO_LEARNING =
		1 << 1, /* its table is what rtnl_fdb_add says, not what frames say */
};

/* Sets a port of a bridge up, with enum rtnl_port_flags; @alias becomes its description, which
 * `ip link` shows. */
void rtnl_link_set_port_up(struct netlink_batch *batch, uint32_t index, unsigned flags,
			   const char *alias);

void rtnl_link_delete(struct netlink_batch *batch, uint32_t index);

struct rtnl_link {
	uint32_t index;
	uint32_t flags; /* IFF_UP, ... */
	uint32_t mtu;
	uint32_t master; /* 0: none */
	char name[IFNAMSIZ];
	char kind[RTNL_KIND_SIZE];   /* "bridge", "veth", "" */
	char alias[RTNL_ALIAS_SIZE]; /* "" if none */
};

/* Reads an RTM_NEWLINK message. 0 or -EBADMSG. */
int rtnl_link_parse(const struct netlink_message *message, struct rtnl_link *ret) MUST_CHECK;

/* Looks an interface up by name. -ENODEV if there is none. */
int rtnl_link_find(struct netlink *netlink, const char *name, struct rtnl_link *ret) MUST_CHECK;
