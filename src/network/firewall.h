/*
 * The packet filter of the bridge: one nftables table of family ip, called by the engine's tag.
 *
 * Published ports are elements of two maps, so that the rules are as many for ten thousand ports as
 * for none. Nothing outside the table is read or changed. `nft list table ip kist` shows it;
 * docs/design/0002-network.md says what each rule is for.
 */
#pragma once

#include "kern/netlink.h"
#include "network/network.h"
#include "network/subnet.h"

#include <netinet/in.h>

struct firewall {
	const char *table;
	const char *bridge; /* interface */
	struct subnet subnet;
};

/* A container's ports as they are served. */
struct firewall_ports {
	struct in_addr address; /* the container's */
	const struct port_mapping *ports;
	size_t count;
};

/* Makes the table anew, with the ports of @list, in one transaction: no packet sees it half made.
 * 0 or -errno. */
int firewall_install(struct netlink *netlink, const struct firewall *firewall,
		     const struct firewall_ports *list, size_t count) MUST_CHECK;

/* 0 also if there is none. */
int firewall_remove(struct netlink *netlink, const char *table) MUST_CHECK;

/* -ENOENT if the table is not there. Adding what is there already is no error, nor deleting what is
 * not. */
int firewall_add_ports(struct netlink *netlink, const char *table,
		       const struct firewall_ports *ports) MUST_CHECK;
int firewall_delete_ports(struct netlink *netlink, const char *table,
			  const struct firewall_ports *ports) MUST_CHECK;
