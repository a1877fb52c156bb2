#include "base/test.h"
#include "network/subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static struct subnet parse(const char *text)
{
	struct subnet subnet;

	assert_int_equal(subnet_parse(text, &subnet), 0);
	return subnet;
}

TEST(a_subnet_survives_writing_and_reading)
{
	static const char *const texts[] = {"172.17.0.0/16", "10.0.0.0/8", "192.168.16.0/20",
					    "128.0.0.0/1", "10.1.2.4/30"};
	char text[SUBNET_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct subnet subnet = parse(texts[i]);

		assert_string_equal(subnet_format(&subnet, text), texts[i]);
	}
}

TEST(what_is_no_subnet_is_refused)
{
	static const char *const texts[] = {"",
					    "172.17.0.0",
					    "172.17.0.0/",
					    "172.17.0.0/0",
					    "172.17.0.0/31",
					    "172.17.0.1/16",
					    "172.17.0/16",
					    "172.17.0.0/16 ",
					    "172.17.0.0/-1",
					    "/16",
					    "172.17.0.0000000000000000/16"};
	struct subnet subnet;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(subnet_parse(texts[i], &subnet), -EINVAL);
}

TEST(overlap_is_seen_from_both_sides)
{
	struct subnet wide = parse("172.16.0.0/12"), narrow = parse("172.17.4.0/24"),
		      beside = parse("172.18.0.0/16");

	assert_true(subnet_overlap(&wide, &narrow));
	assert_true(subnet_overlap(&narrow, &wide));
	assert_false(subnet_overlap(&narrow, &beside));
}

TEST(addresses_are_counted_from_the_base)
{
	struct subnet subnet = parse("172.17.0.0/16");
	char text[INET_ADDRSTRLEN];
	struct in_addr address = subnet_address(&subnet, 258);

	assert_string_equal(inet_ntop(AF_INET, &address, text, sizeof(text)), "172.17.1.2");
}
