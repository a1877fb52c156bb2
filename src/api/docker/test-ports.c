#include "api/docker/ports.h"

#include "base/mem.h"
#include "base/test.h"

#include <arpa/inet.h>

static void check(const struct port_mapping *published, size_t count, const char *const *exposed,
		  const char *wanted)
{
	auto_strv list = {0};
	auto_str out = {0};
	auto_free struct shown_port *ports = NULL;
	size_t port_count;

	for (; exposed && *exposed; exposed++)
		strv_add(&list, *exposed);
	ports = ports_collect(published, count, &list, &port_count);
	ports_show(ports, port_count, &out);
	assert_string_equal(str_text(&out), wanted);
}

static struct port_mapping mapping(const char *ip, uint16_t host, uint16_t container, int protocol)
{
	struct port_mapping port = {
		.host_port = host, .container_port = container, .protocol = protocol};

	assert_int_equal(inet_pton(AF_INET, ip, &port.host_ip), 1);
	return port;
}

TEST(published_ports_are_shown_with_their_address)
{
	struct port_mapping ports[] = {mapping("0.0.0.0", 8080, 80, IPPROTO_TCP),
				       mapping("127.0.0.1", 53, 53, IPPROTO_UDP)};

	check(ports, 2, NULL, "127.0.0.1:53->53/udp, 0.0.0.0:8080->80/tcp");
	check(NULL, 0, NULL, "");
}

TEST(neighbours_are_joined_to_ranges)
{
	struct port_mapping ports[] = {
		mapping("0.0.0.0", 82, 82, IPPROTO_TCP), mapping("0.0.0.0", 80, 80, IPPROTO_TCP),
		mapping("0.0.0.0", 81, 81, IPPROTO_TCP), mapping("0.0.0.0", 90, 90, IPPROTO_TCP)};

	check(ports, 4, NULL, "0.0.0.0:80-82->80-82/tcp, 0.0.0.0:90->90/tcp");
}

TEST(exposed_ports_are_shown_unless_published)
{
	struct port_mapping ports[] = {mapping("0.0.0.0", 8080, 80, IPPROTO_TCP)};
	static const char *const exposed[] = {"443/tcp", "80/tcp",  "444", "nonsense",
					      "9-8/tcp", "53/sctp", NULL};

	check(ports, 1, exposed, "443-444/tcp, 0.0.0.0:8080->80/tcp");
}

TEST(a_huge_exposed_range_is_bounded)
{
	static const char *const exposed[] = {"1-65535/tcp", "1-65535/udp", NULL};

	check(NULL, 0, exposed, "1-8192/tcp");
}
