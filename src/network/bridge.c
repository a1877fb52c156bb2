#include "network/bridge.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/conntrack.h"
#include "kern/netns.h"
#include "kern/rtnl-addr.h"
#include "kern/rtnl-link.h"
#include "kern/rtnl-neigh.h"
#include "kern/rtnl-route.h"
#include "kern/sysctl.h"
#include "network/cursor.h"
#include "network/firewall.h"
#include "network/port.h"
#include "network/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERFACE "eth0"
/* Gateway and network address come before, the broadcast address last. */
#define FIRST_NUMBER 2

/* The two sockets of the host's namespace. */
struct host {
	struct netlink route;
	struct netlink filter;
};

#define HOST_CLOSED ((struct host) {.route = NETLINK_CLOSED, .filter = NETLINK_CLOSED})

static void host_close(struct host *host)
{
	netlink_close(&host->route);
	netlink_close(&host->filter);
}

static int host_open(struct host *ret, struct error *err)
{
	CLEANUP(host_close) struct host host = HOST_CLOSED;
	int r;

	r = netlink_open(NETLINK_ROUTE, &host.route);
	if (r == 0)
		r = netlink_open(NETLINK_NETFILTER, &host.filter);
	if (r < 0)
		return error_errno(err, r, "open a netlink socket");
	*ret = host;
	host = HOST_CLOSED;
	return 0;
}

/* One container on the bridge. */
struct endpoint {
	const char *id;
	struct in_addr address;
	uint8_t mac[RTNL_MAC_SIZE]; /* 02:42 and the address: unique on the bridge without asking */
};

/* Tells whose it is, and is unique as long as short ids are. */
static void veth_name(const char *id, char ret[IFNAMSIZ])
{
	(void)snprintf(ret, IFNAMSIZ, "kv-%.12s", id);
}

static int take_address(const struct root *root, const struct bridge *bridge, struct record *record,
			struct in_addr *ret, struct error *err)
{
	uint32_t last = ~ntohl(subnet_mask(bridge->subnet.prefix)) - 1;
	auto_fd int dir_fd = root_run_open(root, ADDRESSES_FOLDER, err);
	char text[SUBNET_TEXT_SIZE];
	uint32_t at;

	if (dir_fd < 0)
		return dir_fd;
	at = cursor_read(bridge->lock_fd, ADDRESS_CURSOR, FIRST_NUMBER, last);
	for (uint32_t left = last - FIRST_NUMBER + 1; left > 0; left--) {
		struct in_addr address = subnet_address(&bridge->subnet, at);
		int r;

		(void)inet_ntop(AF_INET, &address, text, sizeof(text));
		at = at == last ? FIRST_NUMBER : at + 1;
		if (faccessat(dir_fd, text, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		r = record_add_address(record, address, err);
		if (r < 0)
			return r;
		r = record_link(record, dir_fd, text);
		if (r == -EEXIST)
			continue;
		if (r < 0)
			return error_errno(err, r, "reserve the address %s", text);
		cursor_write(bridge->lock_fd, ADDRESS_CURSOR, at);
		*ret = address;
		return 0;
	}
	return error_set(err, ERROR_EXHAUSTED,
			 "attach container %.12s to network bridge: no address is left in %s",
			 record->id, subnet_format(&bridge->subnet, text));
}

static int prepare_inside(void *arg)
{
	struct netlink *inside = arg;
	int r;

	/* Interfaces that come later inherit it; lo keeps ::1. */
	r = sysctl_write("net/ipv6/conf/default/disable_ipv6", "1");
	if (r < 0 && r != -ENOENT)
		return r;
	return netlink_open(NETLINK_ROUTE, inside);
}

/* A namespace with @inside open in it. */
static int make_netns(struct netlink *inside, struct error *err)
{
	int fd = netns_new(prepare_inside, inside);

	return fd < 0 ? error_errno(err, fd, "make a network namespace") : fd;
}

/* While the interface is down: once it is up it would announce itself. */
static int forbid_ipv6(const char *name, struct error *err)
{
	static const struct {
		const char *key, *value;
	} settings[] = {{"disable_ipv6", "1"}, {"accept_ra", "0"}};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		char path[64];
		int r;

		(void)snprintf(path, sizeof(path), "net/ipv6/conf/%s/%s", name, settings[i].key);
		r = sysctl_write(path, settings[i].value);
		if (r < 0 && r != -ENOENT)
			return error_errno(err, r, "set /proc/sys/%s", path);
	}
	return 0;
}

/*
 * The host's end. Hairpin: with br_netfilter a container that uses its own published port is sent
 * back by the bridge itself, to the port it came from. The bridge does not learn and the host does
 * not ask: who has which address is written down, so that no frame of a container's can claim
 * another's.
 */
static int set_up_port(struct netlink *route, const struct bridge *bridge,
		       const struct endpoint *endpoint, const char *name, struct error *err)
{
	auto_batch batch = {0};
	struct rtnl_link link;
	int r;

	r = rtnl_link_find(route, name, &link);
	if (r == 0) {
		rtnl_link_set_port_up(&batch, link.index, RTNL_PORT_HAIRPIN | RTNL_PORT_NO_LEARNING,
				      endpoint->id);
		rtnl_fdb_add(&batch, link.index, endpoint->mac);
		rtnl_neigh_add(&batch, bridge->index, endpoint->address, endpoint->mac);
		r = netlink_run(route, &batch, NULL);
	}
	return r < 0 ? error_errno(err, r, "set the interface %s up", name) : 0;
}

static int make_veth(struct netlink *route, const struct bridge *bridge,
		     const struct endpoint *endpoint, int netns_fd, struct error *err)
{
	struct rtnl_veth veth = {.master = bridge->index,
				 .mtu = bridge->mtu,
				 .peer_name = INTERFACE,
				 .peer_netns_fd = netns_fd};
	auto_batch batch = {0};
	char name[IFNAMSIZ];
	int r;

	veth_name(endpoint->id, name);
	veth.name = name;
	memcpy(veth.peer_mac, endpoint->mac, sizeof(veth.peer_mac));
	rtnl_link_add_veth(&batch, &veth);
	r = netlink_run(route, &batch, NULL);
	if (r < 0)
		return error_errno(err, r, "create the interface %s", name);
	r = forbid_ipv6(name, err);
	return r < 0 ? r : set_up_port(route, bridge, endpoint, name, err);
}

static int configure_inside(struct netlink *inside, const struct bridge *bridge,
			    struct in_addr address, struct error *err)
{
	struct rtnl_link link;
	auto_batch batch = {0};
	int r;

	r = rtnl_link_find(inside, INTERFACE, &link);
	if (r == 0) {
		/* The loopback interface is the first of every namespace. */
		rtnl_link_set_up(&batch, 1);
		rtnl_addr_add(&batch, link.index, address, bridge->subnet.prefix);
		rtnl_link_set_up(&batch, link.index);
		rtnl_route_add_default(&batch, link.index, bridge->gateway);
		r = netlink_run(inside, &batch, NULL);
	}
	return r < 0 ? error_errno(err, r, "give " INTERFACE " its address and route") : 0;
}

static int make_interfaces(struct host *host, const struct bridge *bridge,
			   const struct endpoint *endpoint, int *ret_netns_fd, struct error *err)
{
	auto_netlink inside = NETLINK_CLOSED;
	auto_fd int fd = -EBADF;
	int r;

	fd = make_netns(&inside, err);
	if (fd < 0)
		return fd;
	r = make_veth(&host->route, bridge, endpoint, fd, err);
	if (r == 0)
		r = configure_inside(&inside, bridge, endpoint->address, err);
	if (r == 0)
		*ret_netns_fd = TAKE_FD(fd);
	return r;
}

static void describe(const struct bridge *bridge, const struct endpoint *endpoint,
		     struct network_attachment *ret)
{
	const uint8_t *mac = endpoint->mac;

	(void)inet_ntop(AF_INET, &endpoint->address, ret->address, sizeof(ret->address));
	(void)inet_ntop(AF_INET, &bridge->gateway, ret->gateway, sizeof(ret->gateway));
	ret->prefix = bridge->subnet.prefix;
	(void)snprintf(ret->mac, sizeof(ret->mac), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		       mac[2], mac[3], mac[4], mac[5]);
	(void)snprintf(ret->interface, sizeof(ret->interface), INTERFACE);
}

/* The UDP ports of a container, and what "all addresses" stands for. */
struct published {
	const struct port_mapping *ports;
	size_t count;
	struct in_addr *local; /* owned */
	size_t local_count;
};

static void published_release(struct published *published)
{
	mem_freep(&published->local);
}

static int note_local(uint32_t index, struct in_addr address, unsigned prefix, void *arg)
{
	struct published *published = arg;

	published->local = mem_resize(published->local,
				      (published->local_count + 1) * sizeof(*published->local));
	published->local[published->local_count++] = address;
	return 0;
}

static bool is_local(struct in_addr address, const struct published *published)
{
	for (size_t i = 0; i < published->local_count; i++) {
		if (published->local[i].s_addr == address.s_addr)
			return true;
	}
	return ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

static bool is_published(struct in_addr destination, uint16_t port, void *arg)
{
	const struct published *published = arg;

	for (size_t i = 0; i < published->count; i++) {
		const struct port_mapping *mapping = &published->ports[i];

		if (mapping->protocol != IPPROTO_UDP || mapping->host_port != port)
			continue;
		if (mapping->host_ip.s_addr == INADDR_ANY
			    ? is_local(destination, published)
			    : mapping->host_ip.s_addr == destination.s_addr)
			return true;
	}
	return false;
}

/* UDP clients that go on sending are to find the container that is there now, or none. */
static int forget_flows(struct host *host, const struct port_mapping *ports, size_t count,
			struct error *err)
{
	CLEANUP(published_release) struct published published = {.ports = ports, .count = count};
	uint16_t only = 0;
	size_t found = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		if (ports[i].protocol == IPPROTO_UDP && found++ == 0)
			only = ports[i].host_port;
	}
	if (!found)
		return 0;
	r = rtnl_addr_list(&host->route, note_local, &published);
	/* While addresses change, those that stay are on the list. */
	if (r == 0 || r == -EAGAIN)
		r = conntrack_forget(&host->filter, IPPROTO_UDP, found == 1 ? only : 0,
				     is_published, &published);
	return r < 0 ? error_errno(err, r, "forget the flows to a published port") : 0;
}

static int publish(const struct root *root, struct host *host, struct record *record,
		   struct in_addr address, struct network_attachment *attachment, struct error *err)
{
	struct firewall_ports ports = {
		.address = address, .ports = attachment->ports, .count = attachment->port_count};
	struct hold hold = HOLD_EMPTY;
	int r;

	r = port_reserve(root, record, attachment->ports, attachment->port_count, &hold, err);
	if (r < 0)
		return r;
	attachment->held_fd_count = hold.count;
	attachment->held_fds = TAKE_PTR(hold.fds);
	r = firewall_add_ports(&host->filter, root->tag, &ports);
	if (r < 0)
		return error_errno(err, r, "publish the ports of container %.12s", record->id);
	return forget_flows(host, attachment->ports, attachment->port_count, err);
}

static int attach_recorded(const struct root *root, struct record *record, const uint8_t *mac,
			   struct network_attachment *attachment, struct error *err)
{
	CLEANUP(host_close) struct host host = HOST_CLOSED;
	auto_bridge bridge = BRIDGE_CLOSED;
	struct endpoint endpoint = {.id = record->id, .mac = {0x02, 0x42}};
	int r;

	r = host_open(&host, err);
	if (r < 0)
		return r;
	r = bridge_ensure(root, &host.route, &host.filter, &bridge, err);
	if (r < 0)
		return r;
	r = take_address(root, &bridge, record, &endpoint.address, err);
	if (r < 0)
		return r;
	if (mac)
		memcpy(endpoint.mac, mac, sizeof(endpoint.mac));
	else
		memcpy(endpoint.mac + 2, &endpoint.address, sizeof(endpoint.address));
	r = make_interfaces(&host, &bridge, &endpoint, &attachment->netns_fd, err);
	if (r < 0)
		return r;
	describe(&bridge, &endpoint, attachment);
	return publish(root, &host, record, endpoint.address, attachment, err);
}

static int bridge_attach(const struct root *root, const struct network_request *request,
			 struct network_attachment *ret, struct error *err)
{
	struct network_attachment attachment = {.netns_fd = -EBADF, .private_netns = true};
	auto_record record = RECORD_CLOSED;
	int r, undone;

	if (request->port_count > PORTS_MAX)
		return error_set(err, ERROR_INVALID, "a container can publish at most %u ports",
				 PORTS_MAX);
	r = record_create(root, request->container_id, request->network, &record, err);
	if (r < 0)
		return r;
	attachment.port_count = request->port_count;
	attachment.ports = mem_copy(request->ports, request->port_count * sizeof(*request->ports));
	r = attach_recorded(root, &record, request->mac, &attachment, err);
	if (r == 0) {
		*ret = attachment;
		return 0;
	}
	network_attachment_release(&attachment);
	/* If that fails too, the record is kept and the next detach finds it; @err has the cause.
	 */
	undone = network_detach(root, request->container_id, NULL);
	(void)undone;
	return r;
}

/* Only if it is ours: a name can be anybody's, the description has the whole id. One that was not
 * yet described was not yet up, and is of the kind and at the bridge that we make them. */
static int delete_veth(struct netlink *route, const char *id, struct error *err)
{
	auto_batch batch = {0};
	struct rtnl_link link;
	char name[IFNAMSIZ];
	int r;

	veth_name(id, name);
	r = rtnl_link_find(route, name, &link);
	if (r == 0 && STREQ(link.kind, "veth") && (!link.alias[0] || STREQ(link.alias, id))) {
		rtnl_link_delete(&batch, link.index);
		r = netlink_run(route, &batch, NULL);
	}
	/* The kernel deletes it as well, when the namespace goes. */
	return r < 0 && r != -ENODEV ? error_errno(err, r, "delete the interface %s", name) : 0;
}

/* Nothing is said if it fails: the bridge may be gone, and another container with the address has
 * the same entry. */
static void forget_neighbour(const struct root *root, struct netlink *route, struct in_addr address)
{
	auto_batch batch = {0};
	struct rtnl_link link;
	char name[IFNAMSIZ];

	bridge_name(root, name);
	if (rtnl_link_find(route, name, &link) < 0)
		return;
	rtnl_neigh_delete(&batch, link.index, address);
	if (netlink_run(route, &batch, NULL) < 0)
		return;
}

static int give_back_addresses(const struct root *root, struct netlink *route,
			       const struct record *record, const struct holdings *holdings,
			       struct error *err)
{
	auto_fd int dir_fd = root_run_open(root, ADDRESSES_FOLDER, err);

	if (dir_fd < 0)
		return dir_fd;
	for (size_t i = 0; i < holdings->address_count; i++) {
		char text[INET_ADDRSTRLEN];
		int r;

		(void)inet_ntop(AF_INET, &holdings->addresses[i], text, sizeof(text));
		r = record_owns(record, dir_fd, text);
		if (r == 0)
			continue;
		if (r > 0) {
			forget_neighbour(root, route, holdings->addresses[i]);
			r = record_unlink(record, dir_fd, text);
		}
		if (r < 0)
			return error_errno(err, r, "give back the address %s", text);
	}
	return 0;
}

/* Those that are ours; another's element of the same port must stay. */
static int unpublish(const struct root *root, struct host *host, const struct record *record,
		     struct holdings *holdings, struct error *err)
{
	struct firewall_ports ports = {.ports = holdings->ports};
	auto_fd int ports_fd = -EBADF;
	int r;

	if (!holdings->port_count || !holdings->address_count)
		return 0;
	ports_fd = root_run_open(root, PORTS_FOLDER, err);
	if (ports_fd < 0)
		return ports_fd;
	for (size_t i = 0; i < holdings->port_count; i++) {
		r = port_is_reserved(ports_fd, record, &holdings->ports[i]);
		if (r < 0)
			return error_errno(err, r, "look for port %u of container %.12s",
					   holdings->ports[i].host_port, record->id);
		if (r > 0)
			holdings->ports[ports.count++] = holdings->ports[i];
	}
	ports.address = holdings->addresses[holdings->address_count - 1];
	r = firewall_delete_ports(&host->filter, root->tag, &ports);
	/* Without a table there is nothing in it. */
	if (r < 0 && r != -ENOENT)
		return error_errno(err, r, "unpublish the ports of container %.12s", record->id);
	r = forget_flows(host, ports.ports, ports.count, err);
	if (r < 0)
		return r;
	return port_release(root, record, ports.ports, ports.count, err);
}

static int bridge_detach(const struct root *root, const char *container_id, struct error *err)
{
	CLEANUP(host_close) struct host host = HOST_CLOSED;
	auto_holdings holdings = {0};
	auto_record record = RECORD_CLOSED;
	auto_fd int locked = -EBADF;
	int r;

	r = record_open(root, container_id, &record, err);
	if (r <= 0)
		return r;
	r = record_read(&record, &holdings, err);
	if (r == 0)
		r = host_open(&host, err);
	if (r < 0)
		return r;
	locked = bridge_lock(root, err);
	if (locked < 0)
		return locked;
	r = delete_veth(&host.route, container_id, err);
	if (r == 0)
		r = unpublish(root, &host, &record, &holdings, err);
	if (r == 0)
		r = give_back_addresses(root, &host.route, &record, &holdings, err);
	locked = fd_close(locked);
	if (r == 0)
		r = bridge_remove_unused(root, &host.route, &host.filter, err);
	return r < 0 ? r : record_remove(&record, err);
}

const struct network_driver bridge_driver = {
	.name = "bridge",
	.attach = bridge_attach,
	.detach = bridge_detach,
};
