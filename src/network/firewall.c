#include "network/firewall.h"

#include "base/mem.h"
#include "kern/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* By host address, and for ports published on all addresses. */
#define MAP_ONE	 "published"
#define MAP_ANY	 "published-any"
#define ONE_KEYS 3
#define ANY_KEYS 2
#define VALUES	 2

/* nft's numbers for a connection's state (net/netfilter/nf_conntrack_core.h). */
#define CT_ESTABLISHED 0x2
#define CT_RELATED     0x4

static const uint8_t loopback_net = 127;

static const enum nft_type one_type[] = {NFT_TYPE_IPV4_ADDR, NFT_TYPE_INET_PROTO,
					 NFT_TYPE_INET_SERVICE, 0};
static const enum nft_type any_type[] = {NFT_TYPE_INET_PROTO, NFT_TYPE_INET_SERVICE, 0};
static const enum nft_type target_type[] = {NFT_TYPE_IPV4_ADDR, NFT_TYPE_INET_SERVICE, 0};

/* ip saddr <subnet>, or ip saddr != <subnet> */
static void match_source(struct nft *nft, const struct firewall *firewall, bool equal)
{
	const struct subnet *subnet = &firewall->subnet;
	unsigned bytes = subnet->prefix / 8;

	if (subnet->prefix % 8 == 0) {
		nft_load_saddr(nft, 0, bytes);
		nft_match(nft, 0, equal, &subnet->base, bytes);
		return;
	}
	nft_load_saddr(nft, 0, sizeof(subnet->base));
	nft_mask(nft, 0, subnet_mask(subnet->prefix));
	nft_match(nft, 0, equal, &subnet->base, sizeof(subnet->base));
}

/* Addresses 127.0.0.0/8 are the host's own: nobody else sends to them. The bridge's setting
 * route_localnet takes away the kernel's own check, and others may have done so elsewhere. Replies
 * on their way back to a client on 127.0.0.1 bear the bridge's address when they pass here. And
 * from the bridge comes nothing under an address that is not of its subnet. */
static void add_raw(struct nft *nft, const struct firewall *firewall)
{
	nft_chain_add_base(nft, "raw", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW);

	nft_rule_begin(nft, "raw");
	nft_match_interface(nft, NFT_META_IIFNAME, false, "lo");
	nft_load_daddr(nft, 0, sizeof(loopback_net));
	nft_match(nft, 0, true, &loopback_net, sizeof(loopback_net));
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);

	nft_rule_begin(nft, "raw");
	nft_match_interface(nft, NFT_META_IIFNAME, true, firewall->bridge);
	match_source(nft, firewall, false);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

static void add_publish(struct nft *nft)
{
	nft_chain_add(nft, "publish");

	nft_rule_begin(nft, "publish");
	nft_load_daddr(nft, 0, sizeof(struct in_addr));
	nft_load_meta(nft, 1, NFT_META_L4PROTO);
	nft_load_dport(nft, 2);
	nft_lookup(nft, MAP_ONE, 0);
	nft_dnat(nft, 0);
	nft_rule_end(nft);

	nft_rule_begin(nft, "publish");
	nft_load_meta(nft, 0, NFT_META_L4PROTO);
	nft_load_dport(nft, 1);
	nft_lookup(nft, MAP_ANY, 0);
	nft_dnat(nft, 0);
	nft_rule_end(nft);
}

static void jump_if_local(struct nft *nft, const char *chain)
{
	uint32_t local = RTN_LOCAL;

	nft_rule_begin(nft, chain);
	nft_load_daddr_type(nft, 0);
	nft_match(nft, 0, true, &local, sizeof(local));
	nft_verdict(nft, NFT_JUMP, "publish");
	nft_rule_end(nft);
}

static void add_postrouting(struct nft *nft, const struct firewall *firewall)
{
	const char *chain = "postrouting";

	nft_chain_add_base(nft, chain, "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);

	/* The host's own clients on 127.0.0.1. */
	nft_rule_begin(nft, chain);
	nft_match_interface(nft, NFT_META_OIFNAME, true, firewall->bridge);
	nft_load_saddr(nft, 0, sizeof(loopback_net));
	nft_match(nft, 0, true, &loopback_net, sizeof(loopback_net));
	nft_masquerade(nft);
	nft_rule_end(nft);

	/* A container that reaches itself or a neighbour by a published port: the answer has to
	 * come back this way. */
	nft_rule_begin(nft, chain);
	nft_match_interface(nft, NFT_META_OIFNAME, true, firewall->bridge);
	match_source(nft, firewall, true);
	nft_load_ct(nft, 0, NFT_CT_STATUS);
	nft_match_bits(nft, 0, IPS_DST_NAT);
	nft_masquerade(nft);
	nft_rule_end(nft);

	nft_rule_begin(nft, chain);
	nft_match_interface(nft, NFT_META_OIFNAME, false, firewall->bridge);
	match_source(nft, firewall, true);
	nft_masquerade(nft);
	nft_rule_end(nft);
}

static void add_forward_to_bridge(struct nft *nft, const struct firewall *firewall, uint32_t key,
				  uint32_t bits)
{
	nft_rule_begin(nft, "forward");
	nft_match_interface(nft, NFT_META_OIFNAME, true, firewall->bridge);
	nft_load_ct(nft, 0, key);
	nft_match_bits(nft, 0, bits);
	nft_verdict(nft, NF_ACCEPT, NULL);
	nft_rule_end(nft);
}

static void add_forward(struct nft *nft, const struct firewall *firewall)
{
	nft_chain_add_base(nft, "forward", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER);
	add_forward_to_bridge(nft, firewall, NFT_CT_STATE, CT_ESTABLISHED | CT_RELATED);
	add_forward_to_bridge(nft, firewall, NFT_CT_STATUS, IPS_DST_NAT);

	nft_rule_begin(nft, "forward");
	nft_match_interface(nft, NFT_META_IIFNAME, true, firewall->bridge);
	nft_verdict(nft, NF_ACCEPT, NULL);
	nft_rule_end(nft);

	nft_rule_begin(nft, "forward");
	nft_match_interface(nft, NFT_META_OIFNAME, true, firewall->bridge);
	nft_verdict(nft, NF_DROP, NULL);
	nft_rule_end(nft);
}

enum change {
	CHANGE_ADD,
	CHANGE_DELETE,
	CHANGE_DELETE_IF_THERE,
};

static void change_map(struct nft *nft, enum change change, const char *map,
		       const struct nft_element *elements, size_t count, unsigned keys)
{
	if (change != CHANGE_DELETE)
		nft_elements_add(nft, map, elements, count, keys, VALUES);
	if (change != CHANGE_ADD)
		nft_elements_delete(nft, map, elements, count, keys);
}

static void change_ports(struct nft *nft, enum change change, const struct firewall_ports *ports)
{
	auto_free struct nft_element *one = mem_zero(ports->count, sizeof(*one));
	auto_free struct nft_element *any = mem_zero(ports->count, sizeof(*any));
	size_t ones = 0, anys = 0;

	for (size_t i = 0; i < ports->count; i++) {
		const struct port_mapping *port = &ports->ports[i];
		bool all = port->host_ip.s_addr == INADDR_ANY;
		struct nft_element *element = all ? &any[anys++] : &one[ones++];
		uint8_t protocol = (uint8_t)port->protocol;
		uint32_t *key = element->key;

		/* A byte or two at the beginning of each field. */
		if (!all)
			*key++ = port->host_ip.s_addr;
		memcpy(key++, &protocol, sizeof(protocol));
		*key = htons(port->host_port);
		element->value[0] = ports->address.s_addr;
		element->value[1] = htons(port->container_port);
	}
	change_map(nft, change, MAP_ONE, one, ones, ONE_KEYS);
	change_map(nft, change, MAP_ANY, any, anys, ANY_KEYS);
}

int firewall_install(struct netlink *netlink, const struct firewall *firewall,
		     const struct firewall_ports *list, size_t count)
{
	auto_nft nft = {0};

	nft_begin(&nft, firewall->table);
	/* An old one goes; the first line makes sure that there is one to go. */
	nft_table_add(&nft);
	nft_table_delete(&nft);
	nft_table_add(&nft);
	nft_map_add(&nft, MAP_ONE, one_type, target_type);
	nft_map_add(&nft, MAP_ANY, any_type, target_type);
	add_raw(&nft, firewall);
	add_publish(&nft);
	nft_chain_add_base(&nft, "prerouting", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
	jump_if_local(&nft, "prerouting");
	nft_chain_add_base(&nft, "output", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
	jump_if_local(&nft, "output");
	add_postrouting(&nft, firewall);
	add_forward(&nft, firewall);
	for (size_t i = 0; i < count; i++)
		change_ports(&nft, CHANGE_ADD, &list[i]);
	return nft_commit(&nft, netlink);
}

int firewall_remove(struct netlink *netlink, const char *table)
{
	auto_nft nft = {0};
	int r;

	nft_begin(&nft, table);
	nft_table_delete(&nft);
	r = nft_commit(&nft, netlink);
	return r == -ENOENT ? 0 : r;
}

static int run_change(struct netlink *netlink, const char *table, enum change change,
		      const struct firewall_ports *ports)
{
	auto_nft nft = {0};

	if (ports->count == 0)
		return 0;
	nft_begin(&nft, table);
	change_ports(&nft, change, ports);
	return nft_commit(&nft, netlink);
}

int firewall_add_ports(struct netlink *netlink, const char *table,
		       const struct firewall_ports *ports)
{
	return run_change(netlink, table, CHANGE_ADD, ports);
}

int firewall_delete_ports(struct netlink *netlink, const char *table,
			  const struct firewall_ports *ports)
{
	int r = run_change(netlink, table, CHANGE_DELETE, ports);

	/* Some were never added, or the table is gone. */
	return r == -ENOENT ? run_change(netlink, table, CHANGE_DELETE_IF_THERE, ports) : r;
}
