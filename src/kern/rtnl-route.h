/*
 * IPv4 routes, by rtnetlink. See rtnl-link.h for how batches work.
 */
#pragma once

#include "kern/netlink.h"

#include <netinet/in.h>
#include <stdint.h>

void rtnl_route_add_default(struct netlink_batch *batch, uint32_t index, struct in_addr gateway);

struct rtnl_route {
	struct in_addr destination;
	unsigned prefix;
	uint32_t table;
	uint32_t index; /* of the outgoing interface; 0 if the route has none or several */
};

/* Calls @each for every IPv4 route of every table of the namespace; it returns < 0 to fail. */
int rtnl_route_list(struct netlink *netlink, int (*each)(const struct rtnl_route *route, void *arg),
		    void *arg) MUST_CHECK;
