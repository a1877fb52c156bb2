#include "api/docker/config-record.h"
#include "api/tagged.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/test.h"
#include "network/network.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct leaf {
	char *name;
	int8_t small;
};

static const struct tagged_field leaf_record[] = {
	{TAGGED_ROW_TEXT(1, struct leaf, name)},
	{TAGGED_ROW_SIGNED(2, struct leaf, small, -5, 5)},
	{0},
};

struct all {
	bool flag;
	int64_t number;
	uint16_t port;
	char *text;
	struct str bytes;
	struct strv list;
	struct leaf leaf;
	struct leaf *leaves;
	size_t leaf_count;
	unsigned char address[4];
};

static const struct tagged_field all_record[] = {
	{TAGGED_ROW_BOOL(1, struct all, flag)},
	{TAGGED_ROW_SIGNED(2, struct all, number, INT64_MIN, INT64_MAX)},
	{TAGGED_ROW_UNSIGNED(3, struct all, port, 1024)},
	{TAGGED_ROW_TEXT(5, struct all, text)},
	{TAGGED_ROW_BYTES(6, struct all, bytes, 100)},
	{TAGGED_ROW_LIST(7, struct all, list)},
	{TAGGED_ROW_STRUCT(8, struct all, leaf, leaf_record)},
	{TAGGED_ROW_ARRAY(9, struct all, leaves, leaf_count, 3, leaf_record)},
	{TAGGED_ROW_FIXED(10, struct all, address)},
	{0},
};

static int decode(const char *bytes, size_t len, struct all *ret)
{
	return tagged_decode(all_record, bytes, len, ret, sizeof(*ret));
}

TEST(a_structure_that_holds_nothing_is_an_empty_record)
{
	struct all all = {0};
	auto_str out = {0};

	assert_int_equal(tagged_encode(all_record, &all, &out), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(decode("", 0, &all), 0);
	assert_null(all.text);
}

TEST(every_kind_of_field_comes_back)
{
	struct leaf leaves[] = {{.name = (char *)"a", .small = -5}, {.small = 0}};
	struct all all = {.flag = true,
			  .number = INT64_MIN,
			  .port = 1024,
			  .text = (char *)"",
			  .leaf = {.small = 5},
			  .leaves = leaves,
			  .leaf_count = 2,
			  .address = {127, 0, 0, 1}};
	struct all again;
	auto_str out = {0}, second = {0};

	str_append_mem(&all.bytes, "\0x\0", 3);
	strv_add(&all.list, "");
	strv_add(&all.list, "two");
	assert_int_equal(tagged_encode(all_record, &all, &out), 0);
	assert_int_equal(decode(out.data, out.len, &again), 0);
	assert_true(again.flag);
	assert_true(again.number == INT64_MIN);
	assert_int_equal(again.port, 1024);
	assert_string_equal(again.text, "");
	assert_int_equal(again.bytes.len, 3);
	assert_int_equal(again.list.n, 2);
	assert_string_equal(again.list.v[1], "two");
	assert_int_equal(again.leaf.small, 5);
	assert_int_equal(again.leaf_count, 2);
	assert_int_equal(again.leaves[0].small, -5);
	assert_null(again.leaves[1].name);
	assert_memory_equal(again.address, all.address, sizeof(all.address));
	assert_int_equal(tagged_encode(all_record, &again, &second), 0);
	assert_int_equal(second.len, out.len);
	assert_memory_equal(second.data, out.data, out.len);
	tagged_release(all_record, &again);
	assert_null(again.leaves);
	str_release(&all.bytes);
	strv_release(&all.list);
}

TEST(what_is_beyond_its_bounds_is_not_written)
{
	struct leaf leaves[4] = {0};
	struct all all = {.port = 1025};
	auto_str out = {0};

	assert_int_equal(tagged_encode(all_record, &all, &out), -E2BIG);
	all = (struct all) {.leaf = {.small = 6}};
	assert_int_equal(tagged_encode(all_record, &all, &out), -E2BIG);
	all = (struct all) {.leaves = leaves, .leaf_count = 4};
	assert_int_equal(tagged_encode(all_record, &all, &out), -E2BIG);
}

#define BYTES(text) text, sizeof(text) - 1

TEST(only_the_one_encoding_is_read)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{BYTES("\1")},
		{BYTES("\1\0\0\0\0")},
		{BYTES("\1\0\1\0\0\0x")},		  /* a flag with content */
		{BYTES("\1\0\0\0\0\0\1\0\0\0\0\0")},	  /* twice */
		{BYTES("\5\0\0\0\0\0\1\0\0\0\0\0")},	  /* out of order */
		{BYTES("\4\0\0\0\0\0")},		  /* unknown */
		{BYTES("\0\0\0\0\0\0")},		  /* tag 0 */
		{BYTES("\3\0\10\0\0\0\0\0\0\0\0\0\0\0")}, /* a number that is 0 */
		{BYTES("\3\0\10\0\0\0\1\4\0\0\0\0\0\0")}, /* 1025 */
		{BYTES("\3\0\2\0\0\0\1\0")},		  /* a short number */
		{BYTES("\5\0\2\0\0\0a\0")},		  /* NUL in a text */
		{BYTES("\5\0\377\377\377\377a")},	  /* longer than there is */
		{BYTES("\6\0\0\0\0\0")},		  /* no bytes */
		{BYTES("\7\0\0\0\0\0")},		  /* no list */
		{BYTES("\7\0\6\0\0\0\3\0\0\0ab")},	  /* an element cut short */
		{BYTES("\10\0\0\0\0\0")},		  /* an empty structure */
		{BYTES("\11\0\0\0\0\0")},		  /* an empty array */
		{BYTES("\11\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")}, /* four elements */
		{BYTES("\12\0\4\0\0\0\0\0\0\0")},			   /* all zero */
		{BYTES("\12\0\3\0\0\0\1\2\3")},				   /* too short */
	};
	struct all all;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(decode(bad[i].bytes, bad[i].len, &all), -EBADMSG);
}

TEST(a_failure_in_the_middle_leaves_nothing_owned)
{
	struct all all;

	/* A text and a list, then an unknown tag. */
	assert_int_equal(decode(BYTES("\5\0\1\0\0\0a\7\0\5\0\0\0\1\0\0\0b\77\0\0\0\0\0"), &all),
			 -EBADMSG);
	assert_null(all.text);
	assert_int_equal(all.list.n, 0);
}

TEST(a_configuration_comes_back_whole)
{
	struct container_config config, again;
	auto_str out = {0}, second = {0};
	auto_error err = {0};

	container_config_init(&config);
	config.name = mem_strdup("web");
	config.image = mem_strdup("busybox");
	config.restart = (struct restart_policy) {RESTART_ON_FAILURE, 3};
	strv_add(&config.command, "sleep");
	strv_add(&config.isolation.cap_add, "NET_ADMIN");
	config.isolation.privileged = true;
	*(struct container_ulimit *)field_array_add(&config.isolation.ulimits,
						    sizeof(struct container_ulimit)) =
		(struct container_ulimit) {.name = mem_strdup("nofile"), .soft = 1, .hard = -1};
	assert_int_equal(container_config_add_volume(&config, "/a:/b:ro", &err), 0);
	assert_int_equal(
		port_parse("127.0.0.1:80:8080/udp", &config.ports, &config.port_count, &err), 0);
	assert_int_equal(tagged_encode(container_config_record, &config, &out), 0);
	assert_int_equal(
		tagged_decode(container_config_record, out.data, out.len, &again, sizeof(again)),
		0);
	assert_string_equal(again.name, "web");
	assert_int_equal(again.stop_timeout, -1);
	assert_int_equal(again.restart.retries, 3);
	assert_true(again.isolation.privileged);
	assert_int_equal(again.isolation.ulimits.n, 1);
	assert_int_equal(((struct container_ulimit *)again.isolation.ulimits.v)->hard, -1);
	assert_string_equal(again.mounts[0].target, "/b");
	assert_true(again.mounts[0].read_only);
	assert_int_equal(again.ports[0].container_port, 8080);
	assert_int_equal(tagged_encode(container_config_record, &again, &second), 0);
	assert_int_equal(second.len, out.len);
	assert_memory_equal(second.data, out.data, out.len);
	container_config_release(&config);
	container_config_release(&again);
}
