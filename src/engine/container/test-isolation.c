#include "base/mem.h"
#include "base/test.h"
#include "engine/container/config.h"
#include "spec/capability.h"
#include "spec/defaults.h"

#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))

static uint64_t capabilities(const char *const *add, const char *const *drop)
{
	auto_container_config config;

	container_config_init(&config);
	for (; *add; add++)
		assert_int_equal(
			container_add_capability(&config.isolation.cap_add, "CapAdd", *add, NULL),
			0);
	for (; *drop; drop++)
		assert_int_equal(container_add_capability(&config.isolation.cap_drop, "CapDrop",
							  *drop, NULL),
				 0);
	return container_capabilities(&config.isolation);
}

#define LIST(...) ((const char *const[]) {__VA_ARGS__})

TEST(capabilities_are_added_to_and_dropped_from_the_default_ones)
{
	assert_true(capabilities(LIST(NULL), LIST(NULL)) == DEFAULTS_CAPABILITIES);
	assert_true(capabilities(LIST("net_admin", NULL), LIST("CAP_CHOWN", NULL)) ==
		    ((DEFAULTS_CAPABILITIES | BIT(12)) & ~BIT(0)));
	assert_true(capabilities(LIST("ALL", NULL), LIST("SYS_MODULE", NULL)) ==
		    (CAPABILITY_ALL & ~BIT(16)));
	assert_true(capabilities(LIST("kill", NULL), LIST("all", NULL)) == BIT(5));
	assert_true(capabilities(LIST(NULL), LIST("ALL", NULL)) == 0);
	/* Docker: what is added counts, whatever is dropped. */
	assert_true(capabilities(LIST("chown", NULL), LIST("chown", NULL)) ==
		    DEFAULTS_CAPABILITIES);
}

TEST(a_privileged_container_has_all_capabilities_whatever_is_dropped)
{
	auto_container_config config;

	container_config_init(&config);
	config.isolation.privileged = true;
	assert_int_equal(
		container_add_capability(&config.isolation.cap_drop, "CapDrop", "ALL", NULL), 0);
	assert_true(container_capabilities(&config.isolation) == CAPABILITY_ALL);
}

static void expect_words(int (*add)(struct container_isolation *, const char *, struct error *),
			 const char *text, const char *words)
{
	auto_container_config config;
	auto_error err = {0};

	container_config_init(&config);
	assert_true(add(&config.isolation, text, &err) < 0);
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_string_equal(err.message, words);
}

TEST(wrong_options_are_refused_in_dockers_words)
{
	static const struct {
		int (*add)(struct container_isolation *, const char *, struct error *);
		const char *text;
		const char *words;
	} cases[] = {
		{container_add_security_option, "x", "invalid --security-opt 1: \"x\""},
		{container_add_security_option, "a=b", "invalid --security-opt 2: \"a=b\""},
		{container_add_security_option, "no-new-privileges=maybe",
		 "invalid --security-opt 2: \"no-new-privileges=maybe\""},
		{container_add_security_option, "systempaths=unconfined",
		 "invalid --security-opt 2: \"systempaths=unconfined\""},
		{container_add_device, "", "bad format for path: "},
		{container_add_device, "/a:/b:r:w", "bad format for path: /a:/b:r:w"},
		{container_add_device, "/a:/b:rx", "bad mode specified: rx"},
		{container_add_device, "/a:/b:rr", "bad mode specified: rr"},
		{container_add_device, "/a:/b:", "bad mode specified: "},
		{container_add_device, "/a:b", "b is not an absolute path"},
		{container_add_device, "a", "a is not an absolute path"},
		{container_add_device_rule, "c 1:3", "invalid device cgroup format 'c 1:3'"},
		{container_add_device_rule, "x 1:3 r", "invalid device cgroup format 'x 1:3 r'"},
		{container_add_device_rule, "c 1:3 rwmr",
		 "invalid device cgroup format 'c 1:3 rwmr'"},
		{container_add_device_rule, "c  1:3 r", "invalid device cgroup format 'c  1:3 r'"},
		{container_add_device_rule, "c -1:3 r", "invalid device cgroup format 'c -1:3 r'"},
		{container_add_ulimit, "nofile", "invalid ulimit argument: nofile"},
		{container_add_ulimit, "files=1", "invalid ulimit type: files"},
		{container_add_ulimit, "nofile=1:2:3",
		 "too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`"},
		{container_add_ulimit, "nofile=2:1",
		 "ulimit soft limit must be less than or equal to hard limit: 2 > 1"},
		{container_add_ulimit, "nofile=-1:1",
		 "ulimit soft limit must be less than or equal to hard limit: -1 > 1"},
		{container_add_sysctl, "kernel.core_pattern=|/x",
		 "sysctl 'kernel.core_pattern=|/x' is not allowed"},
		{container_add_sysctl, "net.", "sysctl 'net.' is not allowed"},
		{container_add_sysctl, "net.=1", "sysctl 'net.=1' is not allowed"},
		{container_add_sysctl, "kernel.sem2=1", "sysctl 'kernel.sem2=1' is not allowed"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_words(cases[i].add, cases[i].text, cases[i].words);
}

TEST(security_options_take_both_separators)
{
	auto_container_config config;
	struct container_isolation *isolation = &config.isolation;

	container_config_init(&config);
	assert_int_equal(container_add_security_option(isolation, "no-new-privileges", NULL), 0);
	assert_true(isolation->no_new_privileges);
	assert_int_equal(container_add_security_option(isolation, "no-new-privileges:false", NULL),
			 0);
	assert_false(isolation->no_new_privileges);
	assert_int_equal(container_add_security_option(isolation, "seccomp:unconfined", NULL), 0);
	assert_string_equal(isolation->seccomp, "unconfined");
	/* The first "=" separates, whatever colons there are. */
	assert_int_equal(container_add_security_option(isolation, "label=type:a_t", NULL), 0);
	assert_string_equal(isolation->labels.v[0], "type:a_t");
}

TEST(what_stands_second_of_a_device_is_a_path_or_a_mode)
{
	static const struct {
		const char *text, *source, *target, *access;
	} cases[] = {
		{"/dev/a", "/dev/a", "/dev/a", "rwm"},
		{"/dev/a:r", "/dev/a", "/dev/a", "r"},
		{"/dev/a:/dev/./b/", "/dev/a", "/dev/b", "rwm"},
		{"/dev/a:/dev/b:mw", "/dev/a", "/dev/b", "mw"},
	};
	auto_container_config config;

	container_config_init(&config);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct container_device *device;

		assert_int_equal(container_add_device(&config.isolation, cases[i].text, NULL), 0);
		device = (struct container_device *)config.isolation.devices.v + i;
		assert_string_equal(device->source, cases[i].source);
		assert_string_equal(device->target, cases[i].target);
		assert_string_equal(device->access, cases[i].access);
	}
}

TEST(a_limit_given_again_replaces_the_first)
{
	auto_container_config config;
	const struct container_ulimit *limit;

	container_config_init(&config);
	assert_int_equal(container_add_ulimit(&config.isolation, "nofile=1", NULL), 0);
	assert_int_equal(container_add_ulimit(&config.isolation, "nofile=2:-1", NULL), 0);
	assert_int_equal(config.isolation.ulimits.n, 1);
	limit = config.isolation.ulimits.v;
	assert_true(limit->soft == 2 && limit->hard == -1);
}

TEST(a_copy_owns_everything_of_its_own)
{
	auto_container_config copy;
	{
		auto_container_config config;

		container_config_init(&config);
		config.image = mem_strdup("x");
		assert_int_equal(container_add_device(&config.isolation, "/dev/a", NULL), 0);
		assert_int_equal(container_add_sysctl(&config.isolation, "net.a=1", NULL), 0);
		assert_int_equal(container_config_add_volume(&config, "/a:/b", NULL), 0);
		container_config_copy(&copy, &config);
	}
	assert_string_equal(copy.image, "x");
	assert_string_equal(((struct container_device *)copy.isolation.devices.v)->source,
			    "/dev/a");
	assert_string_equal(copy.isolation.sysctls.v[0], "net.a=1");
	assert_string_equal(copy.mounts[0].target, "/b");
	assert_int_equal(copy.isolation.memory_swappiness, -1);
}

TEST(modes_that_do_not_exist_are_refused)
{
	static const char *const wrong[] = {"", "Host", "container:", "private ", "shareable2"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		auto_container_config config;
		auto_error err = {0};

		container_config_init(&config);
		config.isolation.ipc = mem_strdup(wrong[i]);
		assert_true(container_isolation_check(&config.isolation, &err) < 0);
		assert_non_null(strstr(err.message, "invalid IPC mode"));
	}
}

TEST(a_device_without_a_path_is_refused)
{
	auto_container_config config;
	auto_error err = {0};

	container_config_init(&config);
	assert_int_equal(container_add_device(&config.isolation, "/dev/a", NULL), 0);
	assert_int_equal(container_isolation_check(&config.isolation, &err), 0);
	mem_freep(&((struct container_device *)config.isolation.devices.v)->target);
	assert_true(container_isolation_check(&config.isolation, &err) < 0);
	assert_non_null(strstr(err.message, "invalid device"));
}
