/*
 * Connection tracking: making the kernel forget flows whose translation is out of date.
 *
 * Address translation is decided for the first packet of a flow and kept. A UDP client that goes on
 * sending from one port never begins anew, so what changed meanwhile would not reach it.
 * Source: <linux/netfilter/nfnetlink_conntrack.h>; filtering in the kernel since 5.8.
 */
#pragma once

#include "kern/netlink.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Deletes the IPv4 flows of @protocol that were first sent to an address and port that @matches
 * accepts; if @port is not 0, the kernel shows it only those to that port, which is cheaper where
 * there are many. @netlink: NETLINK_NETFILTER. A kernel without connection tracking has none: 0.
 */
int conntrack_forget(struct netlink *netlink, uint8_t protocol, uint16_t port,
		     bool (*matches)(struct in_addr destination, uint16_t port, void *arg),
		     void *arg) MUST_CHECK;
