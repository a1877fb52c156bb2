#include "runtime/sysctl.h"

#include "base/test.h"

#include <errno.h>

TEST(names_become_paths_and_climb_nowhere)
{
	char buf[64];

	assert_int_equal(sysctl_path("net.ipv4.ip_forward", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "sys/net/ipv4/ip_forward");
	assert_int_equal(sysctl_path("net/ipv4/conf/eth0.1/x", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "sys/net/ipv4/conf/eth0.1/x");
	assert_int_equal(sysctl_path("net.ipv4.conf.eth0/1.x", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "sys/net/ipv4/conf/eth0.1/x");
	assert_int_equal(sysctl_path("net/../kernel/core_pattern", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path("net.//.kernel", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path("net..x", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path(".net", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path("net.", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path("net", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path("", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_path("net.ipv4.ip_forward", buf, 10), -EINVAL);
}

static int check(const char *key, bool namespaces)
{
	struct runtime_sysctl sysctl = {.key = key, .value = "1"};
	struct runtime_config config = {.sysctls = &sysctl, .sysctl_count = 1};

	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++)
		config.namespaces[i].present = namespaces;
	return sysctl_check(&config, NULL);
}

TEST(only_what_belongs_to_a_namespace_of_the_container_is_set)
{
	static const char *const good[] = {"net.ipv4.ip_forward", "kernel.shmmax",
					   "fs.mqueue.msg_max", "net/core/somaxconn", "kernel/sem"};
	static const char *const bad[] = {"kernel.core_pattern", "vm.swappiness",   "fs.file-max",
					  "kernel.shmmax2",	 "kernel/sem/../x", "fs.mqueue",
					  "abi.vsyscall32",	 "net/../vm/x",	    "kernel"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(check(good[i], true), 0);
		assert_true(check(good[i], false) < 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(check(bad[i], true) < 0);
}
