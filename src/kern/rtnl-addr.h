/*
 * IPv4 addresses of interfaces, by rtnetlink. See rtnl-link.h for how batches work.
 */
#pragma once

#include "kern/netlink.h"

#include <netinet/in.h>
#include <stdint.h>

/* Adds @address/@prefix to the interface, with the broadcast address that belongs to it; not an
 * error if it is there already. */
void rtnl_addr_add(struct netlink_batch *batch, uint32_t index, struct in_addr address,
		   unsigned prefix);

/* Calls @each for every IPv4 address of the namespace; it returns < 0 to fail. */
int rtnl_addr_list(struct netlink *netlink,
		   int (*each)(uint32_t index, struct in_addr address, unsigned prefix, void *arg),
		   void *arg) MUST_CHECK;
