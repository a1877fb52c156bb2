/*
 * Who is where on a link: IPv4 neighbours and the forwarding table of a bridge, by rtnetlink.
 * Entries made here are for ever: no packet changes them. See rtnl-link.h for how batches work.
 */
#pragma once

#include "kern/netlink.h"
#include "kern/rtnl-link.h"

#include <netinet/in.h>
#include <stdint.h>

/* On interface @index, @address is reached at @mac. Replaces what was there. */
void rtnl_neigh_add(struct netlink_batch *batch, uint32_t index, struct in_addr address,
		    const uint8_t mac[RTNL_MAC_SIZE]);
/* -ENOENT if there is none. */
void rtnl_neigh_delete(struct netlink_batch *batch, uint32_t index, struct in_addr address);

/* The bridge that @port is a port of sends frames for @mac there. The entry goes with the port. */
void rtnl_fdb_add(struct netlink_batch *batch, uint32_t port, const uint8_t mac[RTNL_MAC_SIZE]);
