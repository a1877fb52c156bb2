/*
 * Moving an interface into another network namespace, with the addresses that it has. See
 * rtnl-link.h for how batches work.
 */
#pragma once

#include "kern/netlink.h"

#include <linux/if_addr.h>
#include <stddef.h>
#include <stdint.h>

struct rtnl_address {
	struct ifaddrmsg header;
	uint8_t local[16]; /* network byte order; of an IPv4 address the first four */
};

struct rtnl_addresses {
	struct rtnl_address *v; /* owned */
	size_t n;
	uint32_t index; /* of the interface */
};

/* The addresses of the interface, of both families, that are for good and not link-local. */
int rtnl_addresses_read(struct netlink *netlink, uint32_t index,
			struct rtnl_addresses *ret) MUST_CHECK;
void rtnl_addresses_release(struct rtnl_addresses *addresses);

/* A message each that gives them to the interface @index. */
void rtnl_addresses_add(struct netlink_batch *batch, uint32_t index,
			const struct rtnl_addresses *addresses);

/* Moves the interface into the namespace @netns_fd, where it is called @name. */
void rtnl_link_move(struct netlink_batch *batch, uint32_t index, int netns_fd, const char *name);

/* A netlink socket of the namespace @netns_fd. For callers with a single thread; when the way back
 * is refused the process ends. */
int rtnl_open_in(int netns_fd, struct netlink *ret) MUST_CHECK;
