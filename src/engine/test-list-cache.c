#include "engine/list-cache.h"

#include "base/mem.h"
#include "base/test.h"
#include "engine/container/record.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void make_container(struct container *container)
{
	struct container_mount mount = {.kind = MOUNT_VOLUME,
					.source = mem_strdup("data"),
					.target = mem_strdup("/data"),
					.propagation = MOUNT_RSLAVE};

	*container = (struct container) {.id = ID,
					 .created = 1,
					 .started = 2,
					 .state = CONTAINER_EXITED,
					 .exit_code = 137,
					 .oom_killed = true,
					 .finished = 3};
	container->name = mem_strdup("web");
	container->image_id = mem_strdup("sha256:" ID);
	container_config_init(&container->config);
	container->config.image = mem_strdup("web:1");
	container->config.restart.kind = RESTART_ALWAYS;
	strv_add(&container->config.command, "httpd");
	strv_add(&container->config.command, "");
	strv_add(&container->config.labels, "a=b");
	container->config.ports = mem_zero(1, sizeof(struct port_mapping));
	container->config.port_count = 1;
	container->config.ports[0].container_port = 80;
	assert_int_equal(container_config_add_mount(&container->config, &mount, NULL), 0);
}

TEST(what_is_packed_comes_back_whole)
{
	auto_container container = {0}, again = {0};
	auto_str packed = {0}, text = {0}, text_again = {0};

	make_container(&container);
	list_cache_pack(&container, &packed);
	assert_true(list_cache_unpack(packed.data, packed.len, &again));
	container_record_write(&container, &text);
	container_record_write(&again, &text_again);
	assert_string_equal(text.data, text_again.data);
	assert_int_equal(again.state, CONTAINER_EXITED);
	assert_int_equal(again.exit_code, 137);
	assert_true(again.oom_killed);
	assert_int_equal(again.finished, 3);
}

TEST(a_part_of_it_is_nothing)
{
	auto_container container = {0};
	auto_str packed = {0};

	make_container(&container);
	list_cache_pack(&container, &packed);
	for (size_t len = 0; len < packed.len; len++) {
		/* Of that size, so that the sanitizer sees a read past the end. */
		auto_free char *part = mem_copy(packed.data, len + 1);
		auto_free char *exact = mem_resize(TAKE_PTR(part), MAX(len, (size_t)1));
		auto_container again = {0};

		assert_false(list_cache_unpack(exact, len, &again));
	}
}
