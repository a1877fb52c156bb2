#include "spec/defaults.h"

#include "base/str.h"
#include "base/test.h"
#include "codec/json.h"
#include "spec/capability.h"
#include "spec/seccomp-default.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

static struct json *profile(uint64_t capabilities)
{
	auto_str text = {0};
	struct json_writer w;
	struct json *root;

	json_writer_init(&w, &text, 0);
	seccomp_default_write(&w, NULL, capabilities);
	assert_int_equal(json_parse(str_text(&text), text.len, &root, NULL), 0);
	return root;
}

static bool has_rule(const struct json *root, const char *name, const char *action)
{
	const struct json *rules = json_get(root, "syscalls");

	for (size_t i = 0; i < json_count(rules); i++) {
		const struct json *rule = json_at(rules, i), *names = json_get(rule, "names");

		if (!STREQ(json_get_string(rule, "action"), action) || json_get(rule, "args"))
			continue;
		for (size_t k = 0; k < json_count(names); k++)
			if (STREQ(json_string(json_at(names, k)), name))
				return true;
	}
	return false;
}

TEST(capabilities_have_names_both_ways)
{
	for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
		assert_int_equal(capability_parse(capability_name(i)), i);
	assert_null(capability_name(CAPABILITY_COUNT));
	assert_int_equal(capability_parse("sys_admin"), CAP_SYS_ADMIN);
	assert_int_equal(capability_parse("CAP_ALL"), -EINVAL);
	assert_int_equal(capability_parse(""), -EINVAL);
}

TEST(the_default_set_is_dockers)
{
	static const int set[] = {
		CAP_CHOWN,	 CAP_DAC_OVERRIDE, CAP_FSETID,		 CAP_FOWNER,
		CAP_MKNOD,	 CAP_NET_RAW,	   CAP_SETGID,		 CAP_SETUID,
		CAP_SETFCAP,	 CAP_SETPCAP,	   CAP_NET_BIND_SERVICE, CAP_KILL,
		CAP_AUDIT_WRITE, CAP_SYS_CHROOT};
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		mask |= UINT64_C(1) << set[i];
	assert_int_equal(mask, DEFAULTS_CAPABILITIES);
}

TEST(the_default_profile_refuses_the_kernels_attack_surface)
{
	static const char *const refused[] = {
		"keyctl",
		"add_key",
		"request_key",
		"io_uring_setup",
		"io_uring_enter",
		"bpf",
		"userfaultfd",
		"perf_event_open",
		"mount",
		"fsopen",
		"unshare",
		"setns",
		"open_by_handle_at",
		"kexec_load",
		"init_module",
		"move_mount",
		"io_uring_register",
		"pivot_root",
		"swapon",
		"clone3",
		"reboot",
		"socket",
	};
	auto_json *root = profile(DEFAULTS_CAPABILITIES);

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (has_rule(root, refused[i], "SCMP_ACT_ALLOW"))
			fail_msg("%s is allowed", refused[i]);
	assert_true(has_rule(root, "clone3", "SCMP_ACT_ERRNO"));
	assert_true(has_rule(root, "read", "SCMP_ACT_ALLOW"));
	assert_true(has_rule(root, "chroot", "SCMP_ACT_ALLOW"));
}

TEST(capabilities_open_what_belongs_to_them)
{
	auto_json *root = profile(DEFAULTS_CAPABILITIES | UINT64_C(1) << CAP_SYS_ADMIN);

	assert_true(has_rule(root, "mount", "SCMP_ACT_ALLOW"));
	assert_true(has_rule(root, "clone", "SCMP_ACT_ALLOW"));
	assert_true(has_rule(root, "clone3", "SCMP_ACT_ALLOW"));
	assert_false(has_rule(root, "clone3", "SCMP_ACT_ERRNO"));
	assert_false(has_rule(root, "reboot", "SCMP_ACT_ALLOW"));
}

/* The families a rule lets through, decided as the kernel's filter does. */
TEST(the_domain_of_socket_is_compared_as_32_bits)
{
	static const int refused[] = {12, 19, 20, 23, 25, 34, 37, 38, 40};
	auto_json *root = profile(DEFAULTS_CAPABILITIES);
	const struct json *rules = json_get(root, "syscalls");

	for (uint64_t domain = 0; domain < 64; domain++) {
		bool expected = domain < 46, allowed[2] = {false, false};

		for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
			expected &= domain != (uint64_t)refused[i];
		for (size_t i = 0; i < json_count(rules); i++) {
			const struct json *rule = json_at(rules, i);
			const struct json *arg = json_at(json_get(rule, "args"), 0);
			uint64_t mask = 0, value = 0;

			if (!STREQ(json_string(json_at(json_get(rule, "names"), 0)), "socket"))
				continue;
			assert_string_equal(json_get_string(arg, "op"), "SCMP_CMP_MASKED_EQ");
			assert_int_equal(json_u64(json_get(arg, "value"), &mask), 0);
			assert_int_equal(json_u64(json_get(arg, "valueTwo"), &value), 0);
			assert_true(mask <= UINT32_MAX);
			allowed[0] |= (domain & mask) == value;
			allowed[1] |= ((domain | UINT64_C(0xabcdef) << 32) & mask) == value;
		}
		assert_int_equal(allowed[0], expected);
		assert_int_equal(allowed[1], expected);
	}
}

TEST(the_writers_make_json)
{
	auto_str text = {0};
	struct json_writer w;
	struct json *root;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_array_begin(&w, "mounts");
	for (const struct defaults_mount *m = defaults_mounts; m->destination; m++)
		defaults_write_mount(&w, m);
	json_end(&w);
	json_array_begin(&w, "devices");
	defaults_write_device_rules(&w);
	json_end(&w);
	defaults_write_capabilities(&w, "capabilities", DEFAULTS_CAPABILITIES);
	json_end(&w);
	assert_int_equal(json_parse(str_text(&text), text.len, &root, NULL), 0);
	assert_int_equal(json_count(json_get(root, "mounts")), 7);
	assert_int_equal(json_count(json_get(json_get(root, "capabilities"), "bounding")), 14);
	json_free(root);
}
