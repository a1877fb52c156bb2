#include "base/mem.h"
#include "base/test.h"
#include "network/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct parsed {
	struct port_mapping *list;
	size_t count;
	struct error err;
	int r;
};

static struct parsed parse(const char *text)
{
	struct parsed parsed = {0};

	parsed.r = port_parse(text, &parsed.list, &parsed.count, &parsed.err);
	return parsed;
}

static void release(struct parsed *parsed)
{
	mem_freep(&parsed->list);
	error_release(&parsed->err);
}

TEST(every_form_of_a_single_port_is_read)
{
	static const struct {
		const char *text, *ip;
		uint16_t host, last, container;
		int protocol;
	} cases[] = {
		{"80", "0.0.0.0", 0, 0, 80, IPPROTO_TCP},
		{"8080:80", "0.0.0.0", 8080, 0, 80, IPPROTO_TCP},
		{"8080:80/tcp", "0.0.0.0", 8080, 0, 80, IPPROTO_TCP},
		{"8080:80/", "0.0.0.0", 8080, 0, 80, IPPROTO_TCP},
		{"53:53/udp", "0.0.0.0", 53, 0, 53, IPPROTO_UDP},
		{"53:53/UDP", "0.0.0.0", 53, 0, 53, IPPROTO_UDP},
		{"127.0.0.1:8080:80", "127.0.0.1", 8080, 0, 80, IPPROTO_TCP},
		{"127.0.0.1::80", "127.0.0.1", 0, 0, 80, IPPROTO_TCP},
		{":80", "0.0.0.0", 0, 0, 80, IPPROTO_TCP},
		{"0:80", "0.0.0.0", 0, 0, 80, IPPROTO_TCP},
		{"8000-8009:80", "0.0.0.0", 8000, 8009, 80, IPPROTO_TCP},
		{"65535:65535", "0.0.0.0", 65535, 0, 65535, IPPROTO_TCP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed parsed = parse(cases[i].text);
		char ip[INET_ADDRSTRLEN];

		assert_int_equal(parsed.r, 0);
		assert_int_equal(parsed.count, 1);
		assert_string_equal(inet_ntop(AF_INET, &parsed.list->host_ip, ip, sizeof(ip)),
				    cases[i].ip);
		assert_int_equal(parsed.list->host_port, cases[i].host);
		assert_int_equal(parsed.list->host_port_last, cases[i].last);
		assert_int_equal(parsed.list->container_port, cases[i].container);
		assert_int_equal(parsed.list->protocol, cases[i].protocol);
		release(&parsed);
	}
}

TEST(ranges_of_equal_length_are_paired)
{
	struct parsed parsed = parse("7000-7002:9000-9002/udp");

	assert_int_equal(parsed.r, 0);
	assert_int_equal(parsed.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(parsed.list[i].host_port, 7000 + i);
		assert_int_equal(parsed.list[i].host_port_last, 0);
		assert_int_equal(parsed.list[i].container_port, 9000 + i);
		assert_int_equal(parsed.list[i].protocol, IPPROTO_UDP);
	}
	release(&parsed);
}

TEST(wrong_arguments_are_refused_in_dockers_words)
{
	static const struct {
		const char *text, *message;
		enum error_kind kind;
	} cases[] = {
		{"foo", "Invalid containerPort: foo", ERROR_INVALID},
		{"", "No port specified: <empty>", ERROR_INVALID},
		{"8080:", "No port specified: 8080:<empty>", ERROR_INVALID},
		{"/tcp", "No port specified: /tcp<empty>", ERROR_INVALID},
		{"x:80", "Invalid hostPort: x", ERROR_INVALID},
		{"80:65536", "Invalid containerPort: 65536", ERROR_INVALID},
		{"80:0", "Invalid containerPort: 0", ERROR_INVALID},
		{"80:-1", "Invalid containerPort: -1", ERROR_INVALID},
		{"80: 80", "Invalid containerPort:  80", ERROR_INVALID},
		{"80:80-", "Invalid containerPort: 80-", ERROR_INVALID},
		{"80:90-80", "Invalid containerPort: 90-80", ERROR_INVALID},
		{"80:1-2-3", "Invalid containerPort: 1-2-3", ERROR_INVALID},
		{"80:80/foo", "Invalid proto: foo", ERROR_INVALID},
		{"80:80/tcp/udp", "Invalid proto: tcp/udp", ERROR_INVALID},
		{"1.2.3:80:80", "Invalid ip address: 1.2.3", ERROR_INVALID},
		{"a:b:80:80", "Invalid ip address: a:b", ERROR_INVALID},
		{"80-81:80-82",
		 "Invalid ranges specified for container and host Ports: 80-82 and 80-81",
		 ERROR_INVALID},
		{"1-65535", "a container can publish at most 4096 ports", ERROR_INVALID},
		{"[::1]:80:80",
		 "publish [::1]:80:80: IPv6 host addresses cannot be published yet; use an IPv4 "
		 "address",
		 ERROR_UNSUPPORTED},
		{"80:80/sctp",
		 "publish 80:80/sctp: sctp ports cannot be published yet; use tcp or udp",
		 ERROR_UNSUPPORTED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed parsed = parse(cases[i].text);

		assert_true(parsed.r < 0);
		assert_int_equal(parsed.err.kind, cases[i].kind);
		assert_string_equal(parsed.err.message, cases[i].message);
		assert_int_equal(parsed.count, 0);
		release(&parsed);
	}
}

TEST(arguments_add_up_to_the_bound_and_no_further)
{
	struct port_mapping *list = NULL;
	size_t count = 0;

	assert_int_equal(port_parse("1-4095", &list, &count, NULL), 0);
	assert_int_equal(port_parse("5000", &list, &count, NULL), 0);
	assert_int_equal(count, PORTS_MAX);
	assert_true(port_parse("5001", &list, &count, NULL) < 0);
	assert_int_equal(count, PORTS_MAX);
	mem_freep(&list);
}

TEST(a_mac_address_is_six_bytes_of_one_interface)
{
	static const char *const wrong[] = {
		"",
		"1",
		"02:42:ac:11:00",
		"02:42:ac:11:00:022",
		"02:42:ac:11:00:0g",
		"02:42:ac:11:00-02",
		"03:42:ac:11:00:02",
		"ff:ff:ff:ff:ff:ff",
		"0242ac110002",
		"02:42:ac:11:00:02:",
		"02:42:ac:11:00:02 ",
		" 02:42:ac:11:00:02",
	};
	uint8_t mac[6];

	assert_int_equal(mac_parse("92:D0:c6:0a:29:33", mac), 0);
	assert_memory_equal(mac, "\x92\xd0\xc6\x0a\x29\x33", 6);
	assert_int_equal(mac_parse("02-42-ac-11-00-02", mac), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(mac_parse(wrong[i], mac), -EINVAL);
}
