/*
 * The bridge driver, in two files: bridge-setup.c makes and removes what all containers share
 * (interface, subnet, packet filter), bridge.c attaches and detaches one container.
 *
 * Theory of operation: run/network/bridge is a folder and a lock. Attaching and detaching hold the
 * lock shared, so they run side by side; making, repairing and removing the shared things hold it
 * exclusively. What is there is looked at each time (one link, one table: some microseconds)
 * rather than remembered, so a flushed ruleset or a deleted interface is repaired by the next
 * container that comes.
 */
#pragma once

#include "base/error.h"
#include "io/root.h"
#include "kern/netlink.h"
#include "network/network.h"
#include "network/subnet.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>

#define BRIDGE_FOLDER	 "network/bridge"
#define ADDRESSES_FOLDER "network/bridge/addresses"
#define ADDRESS_CURSOR	 "address-cursor" /* in BRIDGE_FOLDER */

struct bridge {
	char name[IFNAMSIZ];
	uint32_t index;
	uint32_t mtu;
	struct subnet subnet;
	struct in_addr gateway; /* the bridge's own address, the first of the subnet */
	int lock_fd;		/* owned: run/network/bridge, locked until it is closed */
};

#define BRIDGE_CLOSED ((struct bridge) {.lock_fd = -EBADF})
#define auto_bridge   CLEANUP(bridge_release) struct bridge

/* "kist0" for the tag "kist", the tag itself for any other. */
void bridge_name(const struct root *root, char ret[IFNAMSIZ]);

/* Takes the lock and makes whatever is missing. @route and @filter: sockets of NETLINK_ROUTE and
 * NETLINK_NETFILTER in the host's namespace. */
int bridge_ensure(const struct root *root, struct netlink *route, struct netlink *filter,
		  struct bridge *ret, struct error *err) MUST_CHECK;
void bridge_release(struct bridge *bridge);

/* Takes the lock shared, whatever is there. Returns the descriptor that holds it. */
int bridge_lock(const struct root *root, struct error *err) MUST_CHECK;

/* Removes interface, filter and folder if no container holds an address, and the engine is not the
 * default one (whose bridge stays, as people expect of docker0). */
int bridge_remove_unused(const struct root *root, struct netlink *route, struct netlink *filter,
			 struct error *err) MUST_CHECK;

extern const struct network_driver bridge_driver;
