#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "network/port.h"
#include "network/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct sandbox {
	char path[32];
	struct root root;
};

static void sandbox_make(struct sandbox *sandbox)
{
	char run[64];

	(void)snprintf(sandbox->path, sizeof(sandbox->path), "/tmp/kist-record-XXXXXX");
	assert_non_null(mkdtemp(sandbox->path));
	(void)snprintf(run, sizeof(run), "%s/run", sandbox->path);
	assert_int_equal(root_open(sandbox->path, run, &sandbox->root, NULL), 0);
}

static void sandbox_remove(struct sandbox *sandbox)
{
	assert_int_equal(tree_empty(sandbox->root.dir_fd), 0);
	root_release(&sandbox->root);
	assert_int_equal(rmdir(sandbox->path), 0);
}

TEST(what_was_written_down_is_read_back)
{
	struct port_mapping ports[] = {
		{.host_port = 8080, .container_port = 80, .protocol = IPPROTO_TCP},
		{.host_port = 53, .container_port = 5353, .protocol = IPPROTO_UDP},
	};
	struct in_addr address = {htonl(0xac110002)};
	auto_record record = RECORD_CLOSED, again = RECORD_CLOSED;
	auto_holdings holdings = {0};
	struct sandbox sandbox;

	sandbox_make(&sandbox);
	assert_int_equal(record_create(&sandbox.root, ID, "bridge", &record, NULL), 0);
	assert_int_equal(record_add_address(&record, address, NULL), 0);
	assert_int_equal(record_add_ports(&record, ports, 2, NULL), 0);
	assert_int_equal(record_open(&sandbox.root, ID, &again, NULL), 1);
	assert_int_equal(record_read(&again, &holdings, NULL), 0);
	assert_string_equal(holdings.network, "bridge");
	assert_int_equal(holdings.address_count, 1);
	assert_int_equal(holdings.addresses[0].s_addr, address.s_addr);
	assert_int_equal(holdings.port_count, 2);
	assert_int_equal(holdings.ports[1].protocol, IPPROTO_UDP);
	assert_int_equal(holdings.ports[1].host_port, 53);
	assert_int_equal(holdings.ports[1].container_port, 5353);
	sandbox_remove(&sandbox);
}

TEST(a_container_has_one_record)
{
	auto_record record = RECORD_CLOSED, second = RECORD_CLOSED;
	struct sandbox sandbox;
	auto_error err = {0};

	sandbox_make(&sandbox);
	assert_int_equal(record_open(&sandbox.root, ID, &record, NULL), 0);
	assert_int_equal(record_create(&sandbox.root, ID, "bridge", &record, NULL), 0);
	assert_true(record_create(&sandbox.root, ID, "bridge", &second, &err) < 0);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_int_equal(record_remove(&record, NULL), 0);
	assert_int_equal(record_open(&sandbox.root, ID, &second, NULL), 0);
	sandbox_remove(&sandbox);
}

TEST(a_reservation_belongs_to_one_and_is_given_back_by_it_alone)
{
	auto_record record = RECORD_CLOSED, other = RECORD_CLOSED;
	char owner[CONTAINER_ID_LEN + 1];
	auto_fd int dir_fd = -EBADF;
	struct sandbox sandbox;

	sandbox_make(&sandbox);
	dir_fd = root_run_open(&sandbox.root, "network/bridge/addresses", NULL);
	assert_int_equal(record_create(&sandbox.root, ID, "bridge", &record, NULL), 0);
	assert_int_equal(record_create(&sandbox.root, OTHER, "bridge", &other, NULL), 0);
	assert_int_equal(record_link(&record, dir_fd, "172.17.0.2"), 0);
	assert_int_equal(record_link(&other, dir_fd, "172.17.0.2"), -EEXIST);
	record_owner(dir_fd, "172.17.0.2", owner);
	assert_string_equal(owner, ID);
	assert_int_equal(record_unlink(&other, dir_fd, "172.17.0.2"), 0);
	assert_true(record_owns(&record, dir_fd, "172.17.0.2"));
	assert_int_equal(record_unlink(&record, dir_fd, "172.17.0.2"), 0);
	assert_false(record_owns(&record, dir_fd, "172.17.0.2"));
	assert_int_equal(record_unlink(&record, dir_fd, "172.17.0.2"), 0);
	sandbox_remove(&sandbox);
}

TEST(an_id_is_never_a_path)
{
	auto_record record = RECORD_CLOSED;
	struct sandbox sandbox;
	auto_error err = {0};

	sandbox_make(&sandbox);
	assert_true(record_create(&sandbox.root, "../../x", "bridge", &record, &err) < 0);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_true(record_open(&sandbox.root, "", &record, NULL) < 0);
	sandbox_remove(&sandbox);
}

TEST(a_line_cut_short_was_never_begun)
{
	auto_holdings holdings = {0};

	assert_int_equal(holdings_parse("0123", &holdings), 0);
	assert_string_equal(holdings.network, "");
	assert_int_equal(holdings_parse(ID "\nnetwork bri", &holdings), 0);
	assert_string_equal(holdings.network, "");
	assert_int_equal(holdings_parse(ID "\nnetwork bridge\naddress 172.17.0.", &holdings), 0);
	assert_int_equal(holdings.address_count, 0);
}

TEST(damage_is_damage)
{
	static const char *const damaged[] = {
		"x\n",
		ID "\nnetwork\n",
		ID "\nnetwork a b\n",
		ID "\naddress 1.2.3\n",
		ID "\nport tcp 0.0.0.0 0 80\n",
		ID "\nport sctp 0.0.0.0 80 80\n",
		ID "\nport tcp 0.0.0.0 80 80 80\n",
		ID "\n\n",
		ID "\nnetwork aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct holdings holdings = {0};

		assert_int_equal(holdings_parse(damaged[i], &holdings), -EBADMSG);
	}
}
