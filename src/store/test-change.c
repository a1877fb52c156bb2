#include "store/change.h"

#include "base/test.h"

#include <string.h>

static void apply(struct image_config *config, const char *text)
{
	auto_error err = {0};

	if (change_apply(text, config, &err) < 0)
		fail_msg("%s: %s", text, err.message);
}

TEST(commands_come_as_json_or_for_a_shell)
{
	auto_image_config config = {0};

	apply(&config, "CMD [\"a\", \"b c\"]");
	assert_int_equal(config.cmd.n, 2);
	assert_string_equal(config.cmd.v[1], "b c");
	apply(&config, "cmd echo hi");
	assert_int_equal(config.cmd.n, 3);
	assert_string_equal(config.cmd.v[0], "/bin/sh");
	assert_string_equal(config.cmd.v[2], "echo hi");
	apply(&config, "ENTRYPOINT [\"/init\"]");
	assert_int_equal(config.entrypoint.n, 1);
}

TEST(variables_and_labels_are_pairs_and_the_last_counts)
{
	auto_image_config config = {0};

	apply(&config, "ENV A=1 B=\"two words\" C=a\\ b");
	apply(&config, "ENV A=3");
	apply(&config, "ENV OLD the rest of it");
	assert_int_equal(config.env.n, 4);
	assert_string_equal(config.env.v[0], "A=3");
	assert_string_equal(config.env.v[1], "B=two words");
	assert_string_equal(config.env.v[2], "C=a b");
	assert_string_equal(config.env.v[3], "OLD=the rest of it");
	apply(&config, "LABEL x='y z'");
	assert_string_equal(config.labels.v[0], "x=y z");
}

TEST(ports_volumes_user_folder_and_signal_are_taken)
{
	auto_image_config config = {0};

	apply(&config, "EXPOSE 80 53/udp 80/tcp");
	assert_int_equal(config.exposed_ports.n, 2);
	assert_string_equal(config.exposed_ports.v[0], "80/tcp");
	apply(&config, "VOLUME [\"/data\"]");
	apply(&config, "VOLUME /a /b");
	assert_int_equal(config.volumes.n, 3);
	apply(&config, "USER 1000:1000");
	apply(&config, "WORKDIR /srv");
	apply(&config, "WORKDIR app");
	apply(&config, "STOPSIGNAL SIGINT");
	assert_string_equal(config.working_dir, "/srv/app");
	assert_string_equal(config.user, "1000:1000");
	assert_string_equal(config.stop_signal, "SIGINT");
}

TEST(other_instructions_are_refused_by_name)
{
	static const char *const texts[] = {"RUN x",	"CMD",	    "EXPOSE 99999", "EXPOSE x/tcp",
					    "ENV A=\"", "LABEL =x", "VOLUME []",    ""};
	auto_image_config config = {0};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_error err = {0};

		if (change_apply(texts[i], &config, &err) == 0)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_non_null(strstr(err.message, texts[i]));
	}
}
