/* The whole table as nft (1.0.6, Debian 12) shows it, in a namespace of the test's own. Update
 * test-firewall.golden when a rule is meant to change. */
#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/spawn.h"
#include "kern/nft.h"
#include "network/firewall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct port_mapping ports[] = {
	{.host_port = 8080, .container_port = 80, .protocol = IPPROTO_TCP},
	{.host_port = 53, .container_port = 5353, .protocol = IPPROTO_UDP},
	{.host_ip = {0x0100007f}, .host_port = 9000, .container_port = 9, .protocol = IPPROTO_TCP},
};
static const struct firewall_ports published = {
	.address = {0x020011ac}, .ports = ports, .count = ARRAY_SIZE(ports)};

static struct firewall firewall_of(const char *subnet)
{
	struct firewall firewall = {.table = "kist-test", .bridge = "kist0"};

	assert_int_equal(subnet_parse(subnet, &firewall.subnet), 0);
	return firewall;
}

static void enter_namespace(struct netlink *netlink)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("needs the right to make network namespaces\n");
		skip();
	}
	assert_int_equal(netlink_open(NETLINK_NETFILTER, netlink), 0);
}

/* What nft prints; it is found in the usual places. */
static char *list_ruleset(void)
{
	static const char *const places[] = {"/usr/sbin/nft", "/sbin/nft"};
	char name[] = "nft", verb[] = "list", what[] = "ruleset";
	char *argv[] = {name, verb, what, NULL};
	struct child child = {.pid_fd = -EBADF};
	int pipe_fds[2], status, r = -ENOENT;
	char *text = NULL;
	size_t len;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	for (size_t i = 0; r < 0 && i < ARRAY_SIZE(places); i++) {
		struct spawn_fd fds[] = {{pipe_fds[1], 1}, {2, 2}};
		struct spawn request = {
			.path = places[i], .argv = argv, .fds = fds, .fd_count = ARRAY_SIZE(fds)};

		r = spawn(&request, &child);
	}
	(void)fd_close(pipe_fds[1]);
	if (r < 0) {
		print_message("needs nft (package nftables)\n");
		skip();
	}
	assert_int_equal(fd_read_all(pipe_fds[0], 1 << 20, &text, &len), 0);
	(void)fd_close(pipe_fds[0]);
	assert_int_equal(child_wait(&child, &status), 0);
	assert_int_equal(status, 0);
	return text;
}

TEST(nft_shows_the_table_that_was_meant)
{
	struct firewall firewall = firewall_of("172.17.0.0/16");
	/* One element in each map: the kernel hashes them into any order. */
	struct firewall_ports two = {
		.address = published.address, .ports = ports + 1, .count = ARRAY_SIZE(ports) - 1};
	auto_fd int golden_fd = open(GOLDEN, O_RDONLY | O_CLOEXEC);
	auto_free char *golden = NULL, *shown = NULL;
	auto_netlink netlink = NETLINK_CLOSED;
	size_t len;

	enter_namespace(&netlink);
	assert_int_equal(firewall_install(&netlink, &firewall, &two, 1), 0);
	shown = list_ruleset();
	assert_int_equal(fd_read_all(golden_fd, 1 << 20, &golden, &len), 0);
	assert_string_equal(shown, golden);
	assert_int_equal(nft_table_exists(&netlink, "kist-test"), 1);
	assert_int_equal(firewall_remove(&netlink, "kist-test"), 0);
	assert_int_equal(firewall_remove(&netlink, "kist-test"), 0);
	assert_int_equal(nft_table_exists(&netlink, "kist-test"), 0);
}

TEST(a_prefix_within_a_byte_is_matched_by_a_mask)
{
	struct firewall firewall = firewall_of("192.168.16.0/20");
	auto_netlink netlink = NETLINK_CLOSED;
	auto_free char *shown = NULL;

	enter_namespace(&netlink);
	assert_int_equal(firewall_install(&netlink, &firewall, NULL, 0), 0);
	shown = list_ruleset();
	assert_non_null(strstr(shown, "oifname != \"kist0\" ip saddr 192.168.16.0/20 masquerade"));
	assert_non_null(strstr(shown, "iifname \"kist0\" ip saddr != 192.168.16.0/20 drop"));
}

TEST(elements_come_and_go_however_often_they_are_asked_to)
{
	struct firewall firewall = firewall_of("172.17.0.0/16");
	struct firewall_ports some = published;
	auto_netlink netlink = NETLINK_CLOSED;
	auto_free char *before = NULL, *after = NULL;

	enter_namespace(&netlink);
	assert_int_equal(firewall_add_ports(&netlink, "kist-test", &published), -ENOENT);
	assert_int_equal(firewall_install(&netlink, &firewall, NULL, 0), 0);
	before = list_ruleset();
	some.count = 2;
	assert_int_equal(firewall_add_ports(&netlink, "kist-test", &some), 0);
	assert_int_equal(firewall_add_ports(&netlink, "kist-test", &published), 0);
	assert_int_equal(firewall_delete_ports(&netlink, "kist-test", &some), 0);
	assert_int_equal(firewall_delete_ports(&netlink, "kist-test", &published), 0);
	assert_int_equal(firewall_delete_ports(&netlink, "kist-test", &published), 0);
	after = list_ruleset();
	assert_string_equal(before, after);
}

TEST(four_thousand_ports_are_one_transaction)
{
	struct firewall firewall = firewall_of("172.17.0.0/16");
	auto_free struct port_mapping *many = mem_zero(PORTS_MAX, sizeof(*many));
	struct firewall_ports list = {.address = {0x020011ac}, .ports = many, .count = PORTS_MAX};
	auto_netlink netlink = NETLINK_CLOSED;
	auto_free char *shown = NULL;

	for (unsigned i = 0; i < PORTS_MAX; i++)
		many[i] = (struct port_mapping) {.host_port = (uint16_t)(10000 + i),
						 .container_port = (uint16_t)(1 + i),
						 .protocol = IPPROTO_UDP};
	enter_namespace(&netlink);
	assert_int_equal(firewall_install(&netlink, &firewall, NULL, 0), 0);
	assert_int_equal(firewall_add_ports(&netlink, "kist-test", &list), 0);
	shown = list_ruleset();
	assert_non_null(strstr(shown, "udp . 10000 : 172.17.0.2 . 1"));
	assert_non_null(strstr(shown, "udp . 14095 : 172.17.0.2 . 4096"));
	assert_int_equal(firewall_delete_ports(&netlink, "kist-test", &list), 0);
}

TEST(another_containers_port_is_never_taken_over)
{
	struct firewall firewall = firewall_of("172.17.0.0/16");
	struct firewall_ports thief = published;
	auto_netlink netlink = NETLINK_CLOSED;
	auto_free char *shown = NULL;

	enter_namespace(&netlink);
	assert_int_equal(firewall_install(&netlink, &firewall, &published, 1), 0);
	thief.address.s_addr = htonl(0xac110003);
	assert_true(firewall_add_ports(&netlink, "kist-test", &thief) < 0);
	shown = list_ruleset();
	assert_null(strstr(shown, "172.17.0.3"));
}
