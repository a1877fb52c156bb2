#include "base/fd.h"
#include "base/test.h"
#include "kern/netlink.h"
#include "kern/netns.h"
#include "kern/rtnl-addr.h"
#include "kern/rtnl-link.h"
#include "kern/rtnl-neigh.h"
#include "kern/rtnl-route.h"
#include "kern/sysctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(what_is_encoded_is_decoded)
{
	const uint8_t header[3] = {1, 2, 3};
	struct netlink_attribute outer, inner;
	struct netlink_cursor cursor, nested;
	struct netlink_message message;
	auto_batch batch = {0};
	uint32_t number;
	char text[8];
	size_t nest;

	netlink_begin(&batch, 77, NLM_F_ACK, header, sizeof(header));
	nest = netlink_nest(&batch, 5);
	netlink_put_text(&batch, 6, "eth0");
	netlink_nest_end(&batch, nest);
	netlink_put_u32(&batch, 7, 42);
	netlink_begin(&batch, 78, 0, header, sizeof(header));
	assert_int_equal(batch.count, 2);
	assert_int_equal(batch.acks, 1);

	cursor = (struct netlink_cursor) {(uint8_t *)batch.bytes.data, batch.bytes.len};
	assert_int_equal(netlink_next_message(&cursor, &message), 1);
	assert_int_equal(message.type, 77);
	assert_int_equal(message.flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(netlink_attributes(&message, sizeof(header), &nested), 0);
	assert_int_equal(netlink_next_attribute(&nested, &outer), 1);
	assert_int_equal(outer.type, 5);
	assert_int_equal(netlink_next_attribute(&nested, &inner), 1);
	assert_int_equal(netlink_get_u32(&inner, &number), 0);
	assert_int_equal(number, 42);
	assert_int_equal(netlink_next_attribute(&nested, &inner), 0);
	nested = netlink_nested(&outer);
	assert_int_equal(netlink_next_attribute(&nested, &inner), 1);
	assert_int_equal(netlink_get_text(&inner, text, sizeof(text)), 0);
	assert_string_equal(text, "eth0");
	assert_int_equal(netlink_get_text(&inner, text, 4), -EBADMSG);
	assert_int_equal(netlink_get_u32(&inner, &number), -EBADMSG);
	assert_int_equal(netlink_next_message(&cursor, &message), 1);
	assert_int_equal(netlink_next_message(&cursor, &message), 0);
}

TEST(a_length_that_lies_is_refused)
{
	static const uint32_t lengths[] = {0, 15, 17, 0x7fffffff, 0xffffffff};
	struct netlink_message message;
	struct netlink_attribute attribute;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct nlmsghdr header = {.nlmsg_len = lengths[i]};
		struct netlink_cursor cursor = {(uint8_t *)&header, sizeof(header)};

		assert_int_equal(netlink_next_message(&cursor, &message), -EBADMSG);
	}
	for (uint16_t len = 0; len < 12; len++) {
		struct nlattr header = {.nla_len = len};
		struct netlink_cursor cursor = {(uint8_t *)&header, sizeof(header)};

		assert_int_equal(netlink_next_attribute(&cursor, &attribute),
				 len == sizeof(header) ? 1 : -EBADMSG);
	}
}

static void enter_namespace(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("needs the right to make network namespaces\n");
		skip();
	}
}

TEST(the_message_that_failed_is_named)
{
	auto_netlink netlink = NETLINK_CLOSED;
	auto_batch batch = {0};
	size_t failed = 99;

	enter_namespace();
	assert_int_equal(netlink_open(NETLINK_ROUTE, &netlink), 0);
	rtnl_link_set_up(&batch, 1);
	rtnl_link_set_up(&batch, 4711);
	rtnl_link_set_up(&batch, 1);
	assert_int_equal(netlink_run(&netlink, &batch, &failed), -ENODEV);
	assert_int_equal(failed, 1);
	/* What was left in the socket is not taken for the next answer. */
	rtnl_link_set_up(&batch, 1);
	assert_int_equal(netlink_run(&netlink, &batch, NULL), 0);
}

struct found {
	struct in_addr address;
	unsigned default_routes;
};

static int note_address(uint32_t index, struct in_addr address, unsigned prefix, void *arg)
{
	struct found *found = arg;

	if (index != 1 && prefix == 16)
		found->address = address;
	return 0;
}

static int note_route(const struct rtnl_route *route, void *arg)
{
	struct found *found = arg;

	found->default_routes += route->prefix == 0 && route->table == RT_TABLE_MAIN;
	return 0;
}

static int open_inside(void *arg)
{
	return netlink_open(NETLINK_ROUTE, arg);
}

TEST(a_pair_joins_two_namespaces_with_address_and_route)
{
	struct rtnl_bridge bridge = {.name = "br-test", .mac = {2, 0, 0, 0, 0, 1}, .mtu = 1400};
	struct rtnl_veth veth = {
		.name = "near", .mtu = 1400, .peer_name = "eth0", .peer_mac = {2, 0, 0, 0, 0, 2}};
	auto_netlink here = NETLINK_CLOSED, there = NETLINK_CLOSED;
	struct in_addr address = {htonl(0x0a000002)}, gateway = {htonl(0x0a000001)};
	struct found found = {0};
	struct rtnl_link link;
	auto_fd int fd = -EBADF;
	auto_batch batch = {0};

	enter_namespace();
	assert_int_equal(netlink_open(NETLINK_ROUTE, &here), 0);
	rtnl_link_add_bridge(&batch, &bridge);
	assert_int_equal(netlink_run(&here, &batch, NULL), 0);
	assert_int_equal(rtnl_link_find(&here, "br-test", &link), 0);
	assert_string_equal(link.kind, "bridge");
	assert_int_equal(link.mtu, 1400);
	fd = netns_new(open_inside, &there);
	assert_true(fd >= 0);
	veth.master = link.index;
	veth.peer_netns_fd = fd;
	rtnl_link_add_veth(&batch, &veth);
	assert_int_equal(netlink_run(&here, &batch, NULL), 0);
	assert_int_equal(rtnl_link_find(&here, "near", &link), 0);
	rtnl_link_set_port_up(&batch, link.index, RTNL_PORT_HAIRPIN | RTNL_PORT_NO_LEARNING,
			      "whose it is");
	rtnl_fdb_add(&batch, link.index, veth.peer_mac);
	rtnl_neigh_add(&batch, veth.master, address, veth.peer_mac);
	rtnl_neigh_add(&batch, veth.master, address, veth.peer_mac);
	rtnl_neigh_delete(&batch, veth.master, address);
	assert_int_equal(netlink_run(&here, &batch, NULL), 0);
	assert_int_equal(rtnl_link_find(&here, "near", &link), 0);
	assert_string_equal(link.alias, "whose it is");
	assert_int_equal(link.master, veth.master);
	assert_int_equal(rtnl_link_find(&here, "eth0", &link), -ENODEV);
	assert_int_equal(rtnl_link_find(&there, "eth0", &link), 0);
	rtnl_addr_add(&batch, link.index, address, 16);
	rtnl_link_set_up(&batch, link.index);
	rtnl_route_add_default(&batch, link.index, gateway);
	assert_int_equal(netlink_run(&there, &batch, NULL), 0);
	assert_int_equal(rtnl_addr_list(&there, note_address, &found), 0);
	assert_int_equal(found.address.s_addr, address.s_addr);
	assert_int_equal(rtnl_route_list(&there, note_route, &found), 0);
	assert_int_equal(found.default_routes, 1);
	assert_int_equal(rtnl_link_find(&here, "near", &link), 0);
	rtnl_link_delete(&batch, link.index);
	assert_int_equal(netlink_run(&here, &batch, NULL), 0);
	assert_int_equal(rtnl_link_find(&there, "eth0", &link), -ENODEV);
}

static int fail_inside(void *arg)
{
	return -EPERM;
}

TEST(the_caller_is_at_home_again_whatever_happened_inside)
{
	struct stat before, after;

	enter_namespace();
	assert_int_equal(stat("/proc/thread-self/ns/net", &before), 0);
	assert_int_equal(netns_new(fail_inside, NULL), -EPERM);
	assert_int_equal(stat("/proc/thread-self/ns/net", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

TEST(a_setting_is_written_only_if_it_differs)
{
	enter_namespace();
	assert_int_equal(sysctl_set("net/ipv4/conf/lo/route_localnet", "1"), 1);
	assert_int_equal(sysctl_set("net/ipv4/conf/lo/route_localnet", "1"), 0);
	assert_int_equal(sysctl_set("net/ipv4/no-such-setting", "1"), -ENOENT);
}
