#include "spec/runtime-config.h"

#include "base/mem.h"
#include "base/test.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

/* A configuration that is valid, with members put in at three places. */
static char *document(const char *top, const char *process, const char *linux_members)
{
	return mem_printf(
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
		"\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"%s%s},"
		"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"}]%s%s}%s%s}",
		*process ? "," : "", process, *linux_members ? "," : "", linux_members,
		*top ? "," : "", top);
}

static int parse(const char *top, const char *process, const char *linux_members,
		 struct runtime_config *ret, struct error *err)
{
	auto_free char *text = document(top, process, linux_members);

	return runtime_config_parse(text, strlen(text), ret, err);
}

TEST(the_smallest_configuration_is_read)
{
	auto_runtime_config config = {0};

	assert_int_equal(parse("", "", "", &config, NULL), 0);
	assert_string_equal(config.rootfs, "rootfs");
	assert_string_equal(config.process.args[0], "a");
	assert_true(config.namespaces[RUNTIME_NAMESPACE_PID].present);
	assert_null(config.namespaces[RUNTIME_NAMESPACE_PID].path);
	assert_false(config.namespaces[RUNTIME_NAMESPACE_NETWORK].present);
	assert_null(config.seccomp);
	assert_false(config.process.scheduler.set || config.memory_policy.set);
}

TEST(a_list_of_cpus_becomes_bits)
{
	auto_runtime_config config = {0};

	assert_int_equal(parse("", "\"execCPUAffinity\":{\"initial\":\"0-2,64\",\"final\":\"7\"}",
			       "", &config, NULL),
			 0);
	assert_int_equal(config.process.affinity_initial->word[0], 7);
	assert_int_equal(config.process.affinity_initial->word[1], 1);
	assert_int_equal(config.process.affinity_final->word[0], 1 << 7);
}

TEST(mount_options_become_attributes)
{
	auto_runtime_config config = {0};
	const struct runtime_mount *m;

	assert_int_equal(
		parse("\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"source\":\"t\","
		      "\"options\":[\"ro\",\"nosuid\",\"rw\",\"noatime\",\"strictatime\",\"size=1k\","
		      "\"mode=755\",\"rshared\"]},{\"destination\":\"b\",\"source\":\"/s\","
		      "\"options\":[\"rbind\",\"rro\",\"slave\"]}]",
		      "", "", &config, NULL),
		0);
	m = &config.mounts[0];
	assert_int_equal(m->set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	assert_true(m->clear & MOUNT_ATTR_RDONLY);
	assert_string_equal(m->data[0], "size=1k");
	assert_string_equal(m->data[1], "mode=755");
	assert_null(m->data[2]);
	assert_int_equal(m->propagation, MS_SHARED);
	assert_true(m->propagation_recursive);
	m = &config.mounts[1];
	assert_true(m->bind && m->recursive);
	assert_int_equal(m->set_recursive, MOUNT_ATTR_RDONLY);
	assert_int_equal(m->propagation, MS_SLAVE);
	assert_false(m->propagation_recursive);
}

TEST(the_process_is_read_whole)
{
	auto_runtime_config config = {0};
	const struct runtime_process *p = &config.process;

	assert_int_equal(
		parse("",
		      "\"user\":{\"uid\":4294967294,\"gid\":7,\"additionalGids\":[1,2],\"umask\":63},"
		      "\"env\":[\"A=b\"],\"noNewPrivileges\":true,\"oomScoreAdj\":-5,"
		      "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_OF_TOMORROW\"]},"
		      "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":"
		      "18446744073709551615}]",
		      "", &config, NULL),
		0);
	assert_int_equal(p->user.uid, UINT32_MAX - 1);
	assert_int_equal(p->user.group_count, 2);
	assert_int_equal(p->user.umask, 077);
	assert_string_equal(p->env[0], "A=b");
	assert_true(p->no_new_privileges && p->has_oom_score_adj);
	assert_int_equal(p->oom_score_adj, -5);
	assert_int_equal(p->capabilities[RUNTIME_CAPABILITY_BOUNDING], 1);
	assert_true(p->rlimits[0].hard == RLIM_INFINITY);
}

TEST(what_is_wrong_is_refused_by_its_name)
{
	static const struct {
		const char *top, *process, *linux_members;
		const char *text; /* in the message */
	} cases[] = {
		{"\"hostname\":5", "", "", "hostname must be a string"},
		{"\"hostname\":\"x\"", "", "", "uts namespace"},
		{"\"mounts\":{}", "", "", "mounts must be an array"},
		{"\"mounts\":[{}]", "", "", "no destination"},
		{"\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\"}]", "", "", "no source"},
		{"\"mounts\":[{\"destination\":\"/x\"}]", "", "", "no type"},
		{"\"mounts\":[{\"destination\":\"/x\",\"type\":\"t\",\"options\":[\"idmap\"]}]", "",
		 "", "idmap"},
		{"", "\"user\":{\"uid\":-1}", "", "process.user.uid must be between"},
		{"", "\"user\":{\"uid\":4294967295}", "", "process.user.uid"},
		{"", "\"user\":{\"uid\":\"0\"}", "", "process.user.uid must be a whole number"},
		{"", "\"user\":{\"uid\":0.5}", "", "process.user.uid"},
		{"", "\"env\":[1]", "", "process.env must be an array of strings"},
		{"", "\"capabilities\":{\"bounding\":[\"CHOW\"]}", "", "CHOW is no capability"},
		{"", "\"rlimits\":[{\"type\":\"RLIMIT_X\"}]", "", "RLIMIT_X is no limit"},
		{"", "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":1}]", "",
		 "above hard"},
		{"", "\"oomScoreAdj\":1001", "", "oomScoreAdj"},
		{"", "\"scheduler\":{\"policy\":\"SCHED_X\"}", "", "SCHED_X is not known"},
		{"", "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}", "", "nice"},
		{"", "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}", "",
		 "priority"},
		{"", "\"execCPUAffinity\":{\"final\":\"3-1\"}", "", "\"3-1\" is no list"},
		{"", "\"execCPUAffinity\":{\"final\":\"8192\"}", "", "is no list"},
		{"", "\"execCPUAffinity\":{\"final\":\"1,\"}", "", "is no list"},
		{"", "", "\"uidMappings\":[{\"size\":1}]", "need a user namespace"},
		{"", "", "\"uidMappings\":[{\"containerID\":1,\"size\":4294967295}]",
		 "beyond the last id"},
		{"", "", "\"timeOffsets\":{\"boottime\":{\"secs\":1}}", "need a time namespace"},
		{"", "", "\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}", "nanosecs"},
		{"", "", "\"memoryPolicy\":{\"mode\":\"MPOL_X\"}", "MPOL_X is not known"},
		{"", "", "\"personality\":{\"domain\":\"BSD\"}", "BSD is not known"},
		{"", "", "\"netDevices\":{\"a/b\":{}}", "invalid network device name"},
		{"", "", "\"netDevices\":{\"a\":{\"name\":\"c\"},\"b\":{\"name\":\"c\"}}",
		 "two become c"},
		{"", "", "\"intelRdt\":{\"closID\":\"../x\"}", "closID"},
		{"", "", "\"resources\":{\"blockIO\":{\"weightDevice\":[{\"major\":1}]}}",
		 "major and minor"},
		{"", "", "\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"2/B\"}]}", "pageSize"},
		{"", "", "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "default action"},
		{"", "",
		 "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
		 "[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		 "needs a listenerPath"},
		{"", "", "\"devices\":[{\"path\":\"dev/x\",\"type\":\"c\"}]", "must be absolute"},
		{"", "", "\"devices\":[{\"path\":\"/dev/x\",\"type\":\"z\"}]", "type"},
		{"", "", "\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\"}]", "major and minor"},
		{"", "", "\"resources\":{\"devices\":[{\"access\":\"x\"}]}", "r, w and m"},
		{"", "", "\"resources\":{\"unified\":{\"../x.y\":\"1\"}}", "unified"},
		{"", "", "\"resources\":{\"unified\":{\"cgroup.procs\":\"1\"}}", "unified"},
		{"", "", "\"resources\":{\"rdma\":{\"x\":{\"hcaHandles\":-1}}}", "rdma"},
		{"", "", "\"seccomp\":{\"defaultAction\":\"X\"}", "the action X is not known"},
		{"", "", "\"seccomp\":{}", "the action (none)"},
		{"", "", "\"rootfsPropagation\":\"x\"", "rootfsPropagation"},
		{"", "", "\"sysctl\":{\"a\":1}", "sysctl"},
		{"\"hooks\":{\"prestart\":[{\"path\":\"x\"}]}", "", "", "hook"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_runtime_config config = {0};
		auto_error err = {0};

		assert_true(parse(cases[i].top, cases[i].process, cases[i].linux_members, &config,
				  &err) < 0);
		if (!strstr(err.message, cases[i].text))
			fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].text);
		assert_null(config.root);
	}
}

TEST(documents_that_are_none_are_refused)
{
	static const char *const texts[] = {"",	    "{",  "[]",
					    "null", "{}", "{\"ociVersion\":\"2.0.0\"}"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct runtime_config config = {0};

		assert_true(runtime_config_parse(texts[i], strlen(texts[i]), &config, NULL) < 0);
	}
}

TEST(seccomp_rules_are_read_with_all_their_bits)
{
	auto_runtime_config config = {0};
	const struct runtime_seccomp_rule *rule;

	assert_int_equal(
		parse("", "",
		      "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		      "\"architectures\":[\"SCMP_ARCH_X32\"],\"syscalls\":[{\"names\":[\"read\"],"
		      "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":5,\"value\":"
		      "18446744073709551615,\"valueTwo\":9223372036854775808,"
		      "\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
		      &config, NULL),
		0);
	rule = &config.seccomp->rules[0];
	assert_int_equal(config.seccomp->default_action, 0x50000 | 38);
	assert_int_equal(rule->action, 0x50000 | EPERM);
	assert_true(rule->args[0].value == UINT64_MAX);
	assert_true(rule->args[0].value_two == UINT64_C(1) << 63);
	assert_int_equal(rule->args[0].op, RUNTIME_SECCOMP_MASKED_EQ);
}
