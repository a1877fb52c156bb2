#include "base/mem.h"
#include "base/test.h"
#include "engine/container/config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void expect_refusal(struct container_config *config, const char *words)
{
	struct error err = {0};

	assert_true(container_config_check(config, &err) < 0);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_non_null(strstr(err.message, words));
	error_release(&err);
}

TEST(limits_are_held_against_each_other_in_the_words_of_docker)
{
	struct container_config config;

	container_config_init(&config);
	assert_int_equal(container_config_check(&config, NULL), 0);
	config.memory = 6 * 1024 * 1024 - 1;
	expect_refusal(&config, "Minimum memory limit allowed is 6MB");
	config.memory = 0;
	config.memory_swap = 1;
	expect_refusal(&config, "You should always set the Memory limit");
	config.memory = 64 << 20;
	config.memory_swap = 32 << 20;
	expect_refusal(&config, "Minimum memoryswap limit should be larger");
	config.memory_swap = -1;
	assert_int_equal(container_config_check(&config, NULL), 0);
	config.nano_cpus = INT64_C(100000000000000);
	expect_refusal(&config, "range of CPUs is from 0.01");
	config.nano_cpus = 1;
	expect_refusal(&config, "range of CPUs is from 0.01");
}

TEST(names_of_containers_are_letters_digits_dots_and_dashes)
{
	static const char *const bad[] = {"a",	 "",	 "-ab",	 "_ab", "a/b",
					  "a b", "../x", "ab\n", "é1"};
	static const char *const good[] = {"ab", "A-b_c.9", "00"};
	struct container_config config;

	container_config_init(&config);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		config.name = (char *)bad[i];
		expect_refusal(&config, "Invalid container name");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		config.name = (char *)good[i];
		assert_int_equal(container_config_check(&config, NULL), 0);
	}
}

TEST(a_cgroup_parent_stays_below_the_mount)
{
	static const char *const bad[] = {"/", "..", "/a/../..", "a/..", "a\nb", ""};
	struct container_config config;

	container_config_init(&config);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		config.cgroup_parent = (char *)bad[i];
		expect_refusal(&config, "invalid cgroup parent");
	}
	config.cgroup_parent = (char *)"/a/b";
	assert_int_equal(container_config_check(&config, NULL), 0);
}

TEST(nothing_that_ends_a_line_gets_into_a_generated_file)
{
	static const char *const bad[] = {"a\n0.0.0.0 evil:1.2.3.4",
					  ":1.2.3.4",
					  "a:",
					  "a",
					  "a b:1.2.3.4",
					  "a:1.2.3.4\n",
					  "a:host"};
	struct container_config config;

	container_config_init(&config);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(container_config_add_host(&config, bad[i], NULL) < 0);
	assert_int_equal(container_config_add_host(&config, "a:::1", NULL), 0);
	assert_int_equal(container_config_add_host(&config, "b=1.2.3.4", NULL), 0);
	assert_string_equal(config.extra_hosts.v[1], "b:1.2.3.4");
	config.hostname = mem_strdup("a\nb");
	expect_refusal(&config, "invalid hostname");
	container_config_release(&config);
}

TEST(a_later_variable_replaces_an_earlier_one_of_its_name)
{
	struct container_config config;

	container_config_init(&config);
	assert_int_equal(container_config_add_env(&config, "A=1", NULL), 0);
	assert_int_equal(container_config_add_env(&config, "AB=2", NULL), 0);
	assert_int_equal(container_config_add_env(&config, "A=3=4", NULL), 0);
	assert_int_equal(setenv("KIST_TEST_VARIABLE", "own", 1), 0);
	assert_int_equal(container_config_add_env(&config, "KIST_TEST_VARIABLE", NULL), 0);
	assert_int_equal(container_config_add_env(&config, "KIST_TEST_ABSENT", NULL), 0);
	assert_int_equal(config.env.n, 3);
	assert_string_equal(config.env.v[0], "A=3=4");
	assert_string_equal(config.env.v[2], "KIST_TEST_VARIABLE=own");
	assert_true(container_config_add_env(&config, "=x", NULL) < 0);
	assert_true(container_config_add_env(&config, "", NULL) < 0);
	container_config_release(&config);
}

TEST(signals_have_names_and_numbers)
{
	static const struct {
		const char *text;
		int signal;
	} rows[] = {{"KILL", SIGKILL}, {"SIGTERM", SIGTERM}, {"sigusr1", SIGUSR1},
		    {"9", 9},	       {"RTMIN+3", 37},	     {"RTMAX-1", 63},
		    {"64", 64}};
	static const char *const bad[] = {"",	 "0",	"65",	    "-1",
					  "SIG", "FOO", "RTMIN+31", "SIGSIGHUP"};
	int signal;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(container_signal_parse(rows[i].text, &signal, NULL), 0);
		assert_int_equal(signal, rows[i].signal);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(container_signal_parse(bad[i], &signal, NULL) < 0);
}

TEST(one_target_takes_one_mount)
{
	struct container_config config;
	struct error err = {0};

	container_config_init(&config);
	assert_int_equal(container_config_add_volume(&config, "/a:/x", NULL), 0);
	assert_true(container_config_add_tmpfs(&config, "/x/", &err) < 0);
	assert_string_equal(err.message, "Duplicate mount point: /x");
	error_release(&err);
	container_config_release(&config);
}
