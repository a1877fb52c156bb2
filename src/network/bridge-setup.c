/* What all containers on the bridge share: interface, subnet and packet filter; made, looked at,
 * repaired and removed. The theory of operation stands in bridge.h. */
#include "network/bridge.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/atomic-file.h"
#include "kern/netns.h"
#include "kern/nft.h"
#include "kern/rtnl-addr.h"
#include "kern/rtnl-link.h"
#include "kern/sysctl.h"
#include "network/firewall.h"
#include "network/port.h"
#include "network/record.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DEFAULT_TAG "kist"
/* The subnet, once everything is made. */
#define SUBNET_FILE "subnet"
#define BRIDGE_MTU  1500

void bridge_name(const struct root *root, char ret[IFNAMSIZ])
{
	bool is_default = STREQ(root->tag, DEFAULT_TAG);

	_Static_assert(ROOT_TAG_SIZE < IFNAMSIZ, "a tag is the name of an interface");
	(void)snprintf(ret, IFNAMSIZ, is_default ? DEFAULT_TAG "0" : "%s", root->tag);
}

void bridge_release(struct bridge *bridge)
{
	bridge->lock_fd = fd_close(bridge->lock_fd);
}

static int lock(int fd, int operation)
{
	int r;

	do {
		r = flock(fd, operation);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int open_locked(const struct root *root, int operation, struct error *err)
{
	auto_fd int fd = root_run_open(root, BRIDGE_FOLDER, err);
	int r;

	if (fd < 0)
		return fd;
	r = lock(fd, operation);
	if (r < 0)
		return error_errno(err, r, "lock %s/" BRIDGE_FOLDER, root->run);
	return TAKE_FD(fd);
}

int bridge_lock(const struct root *root, struct error *err)
{
	return open_locked(root, LOCK_SH, err);
}

static int read_subnet(int dir_fd, struct subnet *ret)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = atomic_read(dir_fd, SUBNET_FILE, SUBNET_TEXT_SIZE, &text, &len);
	if (r < 0)
		return r;
	if (len == 0 || text[len - 1] != '\n')
		return -EINVAL;
	text[len - 1] = '\0';
	return subnet_parse(text, ret);
}

/* Not by way of a temporary file, which nobody would find after a kill: the lock keeps readers
 * away, and a line without its end does not count. */
static int write_subnet(int dir_fd, const struct subnet *subnet)
{
	char text[SUBNET_TEXT_SIZE];
	auto_str line = {0};
	auto_fd int fd = -EBADF;

	str_append_format(&line, "%s\n", subnet_format(subnet, text));
	fd = openat(dir_fd, SUBNET_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	return fd < 0 ? -errno : fd_write_full(fd, str_text(&line), line.len);
}

static void fill(struct bridge *bridge, const struct rtnl_link *link, const struct subnet *subnet)
{
	bridge->index = link->index;
	bridge->mtu = link->mtu;
	bridge->subnet = *subnet;
	bridge->gateway = subnet_address(subnet, 1);
}

/* 1 if all is there, 0 if something is missing, or -errno. */
static int look(const struct root *root, struct netlink *route, struct netlink *filter,
		struct bridge *bridge)
{
	struct rtnl_link link;
	struct subnet subnet;
	int r;

	if (read_subnet(bridge->lock_fd, &subnet) < 0)
		return 0;
	r = rtnl_link_find(route, bridge->name, &link);
	if (r == -ENODEV || (r == 0 && (!(link.flags & IFF_UP) || !STREQ(link.kind, "bridge"))))
		return 0;
	if (r < 0)
		return r;
	r = nft_table_exists(filter, root->tag);
	if (r > 0)
		fill(bridge, &link, &subnet);
	return r;
}

/* The subnet that was chosen before, or that a bridge half made has, or a free one. */
static int settle_subnet(const struct bridge *bridge, struct netlink *route, uint32_t index,
			 struct subnet *ret, struct error *err)
{
	int r;

	if (read_subnet(bridge->lock_fd, ret) == 0)
		return 0;
	r = index ? subnet_of_interface(route, index, ret) : 0;
	if (r < 0)
		return error_errno(err, r, "list the addresses of %s", bridge->name);
	return r > 0 ? 0 : subnet_choose(route, index, ret, err);
}

static int make_link(struct netlink *route, const char *name, const struct subnet *subnet,
		     struct rtnl_link *ret)
{
	struct rtnl_bridge bridge = {.name = name, .mac = {0x02, 0x42}, .mtu = BRIDGE_MTU};
	struct in_addr gateway = subnet_address(subnet, 1);
	auto_batch batch = {0};
	int r;

	memcpy(bridge.mac + 2, &gateway, sizeof(gateway));
	rtnl_link_add_bridge(&batch, &bridge);
	r = netlink_run(route, &batch, NULL);
	return r < 0 ? r : rtnl_link_find(route, name, ret);
}

static int set_setting(const char *name, const char *family, const char *key, const char *value,
		       struct error *err)
{
	auto_free char *path = mem_printf("net/%s/conf/%s/%s", family, name, key);
	int r = sysctl_set(path, value);

	/* A kernel without IPv6 needs no protection from it. */
	if (r < 0 && !(r == -ENOENT && STREQ(family, "ipv6")))
		return error_errno(err, r, "set up the bridge %s: set /proc/sys/%s to %s", name,
				   path, value);
	return 0;
}

/*
 * No IPv6 on an IPv4 network, whatever a container announces; and packets from 127.0.0.1 may leave
 * by the bridge, which is how a published port is reached from the host (the filter's chain raw
 * closes what else that opens).
 */
static int set_settings(const char *name, struct error *err)
{
	static const struct {
		const char *family, *key, *value;
	} settings[] = {
		{"ipv6", "disable_ipv6", "1"},
		{"ipv6", "accept_ra", "0"},
		{"ipv4", "route_localnet", "1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int r = set_setting(name, settings[i].family, settings[i].key, settings[i].value,
				    err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The whole host's setting: like Docker we switch it on where it is off, and never off again, for
 * somebody else may rely on it by then. Looked at each time, because `sysctl --system` may well
 * have switched it off. */
static int allow_forwarding(struct error *err)
{
	int r = sysctl_set("net/ipv4/ip_forward", "1");

	return r < 0 ? error_errno(err, r, "set /proc/sys/net/ipv4/ip_forward to 1") : 0;
}

static int make_interface(struct bridge *bridge, struct netlink *route, struct error *err)
{
	struct rtnl_link link = {0};
	auto_batch batch = {0};
	struct subnet subnet;
	int found, r;

	found = rtnl_link_find(route, bridge->name, &link);
	if (found < 0 && found != -ENODEV)
		return error_errno(err, found, "look for the bridge %s", bridge->name);
	if (found == 0 && !STREQ(link.kind, "bridge"))
		return error_set(err, ERROR_CONFLICT,
				 "create the bridge %s: an interface of that name is no bridge; "
				 "rename or delete it",
				 bridge->name);
	r = settle_subnet(bridge, route, link.index, &subnet, err);
	if (r < 0)
		return r;
	if (found == -ENODEV) {
		r = make_link(route, bridge->name, &subnet, &link);
		if (r < 0)
			return error_errno(err, r, "create the bridge %s", bridge->name);
	}
	fill(bridge, &link, &subnet);
	r = set_settings(bridge->name, err);
	if (r < 0)
		return r;
	rtnl_addr_add(&batch, link.index, bridge->gateway, subnet.prefix);
	rtnl_link_set_up(&batch, link.index);
	r = netlink_run(route, &batch, NULL);
	return r < 0 ? error_errno(err, r, "give the bridge %s its address", bridge->name) : 0;
}

/* What the containers that are there have published, for a table that was lost. */
struct survivors {
	struct holdings *holdings; /* owned */
	struct firewall_ports *ports;
	size_t count;
};

static void survivors_release(struct survivors *survivors)
{
	for (size_t i = 0; i < survivors->count; i++)
		holdings_release(&survivors->holdings[i]);
	mem_freep(&survivors->holdings);
	mem_freep(&survivors->ports);
}

static void add_survivor(const struct root *root, int ports_fd, const char *id,
			 struct survivors *survivors)
{
	auto_holdings holdings = {0};
	auto_record record = RECORD_CLOSED;
	size_t kept = 0;

	/* A damaged record has nothing that could be restored; who detaches it reports it. */
	if (record_open(root, id, &record, NULL) <= 0 || record_read(&record, &holdings, NULL) < 0)
		return;
	for (size_t i = 0; i < holdings.port_count; i++) {
		if (port_is_reserved(ports_fd, &record, &holdings.ports[i]) > 0)
			holdings.ports[kept++] = holdings.ports[i];
	}
	if (!kept || !holdings.address_count)
		return;
	survivors->holdings = mem_resize(survivors->holdings,
					 (survivors->count + 1) * sizeof(*survivors->holdings));
	survivors->ports =
		mem_resize(survivors->ports, (survivors->count + 1) * sizeof(*survivors->ports));
	survivors->ports[survivors->count] = (struct firewall_ports) {
		.address = holdings.addresses[holdings.address_count - 1],
		.ports = holdings.ports,
		.count = kept,
	};
	survivors->holdings[survivors->count++] = holdings;
	holdings = (struct holdings) {0};
}

static int find_survivors(const struct root *root, struct survivors *survivors, struct error *err)
{
	auto_fd int ports_fd = root_run_open(root, PORTS_FOLDER, err);
	int fd = root_run_open(root, RECORDS_FOLDER, err);
	struct dirent *entry;
	DIR *dir;

	if (ports_fd < 0 || fd < 0) {
		(void)fd_close(fd);
		return -EIO;
	}
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list %s/" RECORDS_FOLDER, root->run);
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			add_survivor(root, ports_fd, entry->d_name, survivors);
	}
	(void)closedir(dir);
	return 0;
}

static int make_firewall(const struct root *root, struct netlink *filter,
			 const struct bridge *bridge, struct error *err)
{
	CLEANUP(survivors_release) struct survivors survivors = {0};
	struct firewall firewall = {
		.table = root->tag, .bridge = bridge->name, .subnet = bridge->subnet};
	int r;

	r = find_survivors(root, &survivors, err);
	if (r < 0)
		return r;
	r = firewall_install(filter, &firewall, survivors.ports, survivors.count);
	if (r == -EOPNOTSUPP || r == -ENOENT || r == -EPROTONOSUPPORT)
		return error_set(err, ERROR_UNSUPPORTED,
				 "make the nftables table %s: this kernel lacks a part of nftables "
				 "(nat, fib or conntrack)",
				 root->tag);
	return r < 0 ? error_errno(err, r, "make the nftables table %s", root->tag) : 0;
}

/* Under the exclusive lock. Each step accepts what is there, so it also repairs. */
static int set_up(const struct root *root, struct netlink *route, struct netlink *filter,
		  struct bridge *bridge, struct error *err)
{
	auto_fd int host = -EBADF;
	int r;

	/* Engines with other folders choose among the same subnets: the namespace is what we have
	 * in common. */
	host = netns_current();
	r = host < 0 ? host : lock(host, LOCK_EX);
	if (r < 0)
		return error_errno(err, r, "lock the network namespace");
	r = make_interface(bridge, route, err);
	if (r < 0)
		return r;
	r = make_firewall(root, filter, bridge, err);
	if (r < 0)
		return r;
	r = write_subnet(bridge->lock_fd, &bridge->subnet);
	return r < 0 ? error_errno(err, r, "write %s/" BRIDGE_FOLDER "/" SUBNET_FILE, root->run)
		     : 0;
}

int bridge_ensure(const struct root *root, struct netlink *route, struct netlink *filter,
		  struct bridge *ret, struct error *err)
{
	auto_bridge bridge = BRIDGE_CLOSED;
	int r;

	bridge_name(root, bridge.name);
	bridge.lock_fd = open_locked(root, LOCK_SH, err);
	if (bridge.lock_fd < 0)
		return bridge.lock_fd;
	r = look(root, route, filter, &bridge);
	if (r == 0) {
		/* The lock is let go in between: look again. */
		r = lock(bridge.lock_fd, LOCK_EX);
		if (r == 0)
			r = look(root, route, filter, &bridge);
	}
	if (r < 0)
		return error_errno(err, r, "look for the bridge %s", bridge.name);
	if (r == 0) {
		r = set_up(root, route, filter, &bridge, err);
		if (r < 0)
			return r;
	}
	r = allow_forwarding(err);
	if (r < 0)
		return r;
	*ret = bridge;
	bridge = BRIDGE_CLOSED;
	return 0;
}

static bool has_addresses(int bridge_fd)
{
	int fd = openat(bridge_fd, "addresses", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (fd < 0)
		return errno != ENOENT;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return true;
	}
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.';
	(void)closedir(dir);
	return found;
}

static int remove_all(const struct root *root, struct netlink *route, struct netlink *filter,
		      int bridge_fd, struct error *err)
{
	/* First the word that all is there; hints go with what they are about. */
	static const char *const files[] = {SUBNET_FILE, ADDRESS_CURSOR, PORT_CURSOR};
	char name[IFNAMSIZ];
	struct rtnl_link link;
	auto_batch batch = {0};
	int r;

	bridge_name(root, name);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (unlinkat(bridge_fd, files[i], 0) < 0 && errno != ENOENT)
			return error_errno(err, errno, "remove %s/" BRIDGE_FOLDER "/%s", root->run,
					   files[i]);
	}
	r = rtnl_link_find(route, name, &link);
	if (r == 0 && STREQ(link.kind, "bridge")) {
		rtnl_link_delete(&batch, link.index);
		r = netlink_run(route, &batch, NULL);
	}
	if (r < 0 && r != -ENODEV)
		return error_errno(err, r, "delete the bridge %s", name);
	r = firewall_remove(filter, root->tag);
	return r < 0 ? error_errno(err, r, "delete the nftables table %s", root->tag) : 0;
}

int bridge_remove_unused(const struct root *root, struct netlink *route, struct netlink *filter,
			 struct error *err)
{
	auto_fd int fd = -EBADF;
	int r;

	if (STREQ(root->tag, DEFAULT_TAG))
		return 0;
	fd = root_run_open(root, BRIDGE_FOLDER, err);
	if (fd < 0)
		return fd;
	if (has_addresses(fd))
		return 0;
	r = lock(fd, LOCK_EX);
	if (r < 0)
		return error_errno(err, r, "lock %s/" BRIDGE_FOLDER, root->run);
	return has_addresses(fd) ? 0 : remove_all(root, route, filter, fd, err);
}
