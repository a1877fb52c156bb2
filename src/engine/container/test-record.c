#include "base/mem.h"
#include "base/test.h"
#include "engine/container/record.h"

#include <arpa/inet.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void fill(struct container *container)
{
	struct container_config *config = &container->config;

	container_config_init(config);
	memcpy(container->id, ID, sizeof(ID));
	container->name = mem_strdup("web");
	container->image_id = mem_strdup("sha256:1");
	container->created = 5;
	config->image = mem_strdup("busybox");
	config->network = mem_strdup("bridge");
	strv_add(&config->command, "sh");
	strv_add(&config->command, "-c \"x\"\n");
	config->memory = UINT64_MAX;
	config->memory_swap = -1;
	config->stop_signal = 15;
	config->auto_remove = true;
	assert_int_equal(container_config_add_volume(config, "/a:/b:ro,rslave", NULL), 0);
	assert_int_equal(container_config_add_tmpfs(config, "/t:size=1m", NULL), 0);
	assert_int_equal(
		port_parse("127.0.0.1:80:8080/udp", &config->ports, &config->port_count, NULL), 0);
}

TEST(what_is_written_is_read_back)
{
	auto_container container = {0}, again = {0};
	auto_str text = {0}, text_again = {0};

	fill(&container);
	container_record_write(&container, &text);
	assert_int_equal(container_record_read(text.data, text.len, &again, NULL), 0);
	container_record_write(&again, &text_again);
	assert_string_equal(text.data, text_again.data);
	assert_string_equal(again.config.command.v[1], "-c \"x\"\n");
	assert_true(again.config.memory == UINT64_MAX);
	assert_int_equal(again.config.stop_timeout, -1);
	assert_int_equal(again.config.mounts[0].propagation, MOUNT_RSLAVE);
	assert_int_equal(again.config.ports[0].protocol, IPPROTO_UDP);
	assert_null(again.config.user);
}

static void expect_corrupt(const char *text, size_t len)
{
	auto_container container = {0};
	struct error err = {0};

	assert_true(container_record_read(text, len, &container, &err) < 0);
	assert_int_equal(err.kind, ERROR_CORRUPT);
	error_release(&err);
}

TEST(a_record_that_is_not_whole_is_refused)
{
	auto_container container = {0};
	auto_str text = {0};

	fill(&container);
	container_record_write(&container, &text);
	for (size_t len = 0; len < text.len; len += 7)
		expect_corrupt(text.data, len);
}

TEST(another_version_an_unknown_member_and_another_type_are_refused)
{
	static const char *const changes[][2] = {
		{"\"version\":1", "\"version\":2"},
		{"\"created\":5", "\"created\":\"5\""},
		{"\"created\":5", "\"creaked\":5"},
		{"\"created\":5,", ""},
		{"\"id\":\"01", "\"id\":\"0/"},
		{"\"stopSignal\":15", "\"stopSignal\":15e99"},
		{"\"readOnly\":false", "\"readOnly\":0"},
		{"\"kind\":\"bind\"", "\"kind\":\"mind\""},
		{"\"protocol\":\"udp\"", "\"protocol\":\"sctp\""},
		{"\"created\":5", "\"created\":5,\"more\":1"},
	};
	auto_container container = {0};
	auto_str text = {0};

	fill(&container);
	container_record_write(&container, &text);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *at = strstr(text.data, changes[i][0]);
		auto_str changed = {0};

		assert_non_null(at);
		str_append_mem(&changed, text.data, (size_t)(at - text.data));
		str_append(&changed, changes[i][1]);
		str_append(&changed, at + strlen(changes[i][0]));
		expect_corrupt(changed.data, changed.len);
	}
}

TEST(a_record_from_before_a_member_was_known_gives_its_default)
{
	static const char *const since[] = {"\"tty\":false,", "\"restart\":\"no\","};
	auto_container container = {0}, again = {0};
	auto_str text = {0}, old = {0};
	const char *from;

	fill(&container);
	container.config.ports[0].host_port_last = 9000;
	container_record_write(&container, &text);
	from = text.data;
	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		const char *at = strstr(from, since[i]);

		assert_non_null(at);
		str_append_mem(&old, from, (size_t)(at - from));
		from = at + strlen(since[i]);
	}
	str_append(&old, from);
	assert_int_equal(container_record_read(old.data, old.len, &again, NULL), 0);
	str_clear(&old);
	container_record_write(&again, &old);
	assert_string_equal(old.data, text.data);
}

TEST(the_network_record_is_read_back)
{
	struct container_network network = {.address = "172.17.0.2",
					    .prefix = 16,
					    .gateway = "172.17.0.1",
					    .interface = "eth0"};
	struct container_network again;
	auto_str text = {0};

	container_network_write(&network, &text);
	assert_int_equal(container_network_read(text.data, text.len, &again, NULL), 0);
	assert_string_equal(again.address, network.address);
	assert_int_equal(again.prefix, 16);
	assert_int_equal(again.port_count, 0);
	assert_true(container_network_read("{}", 2, &again, NULL) < 0);
}
