#include "base/test.h"
#include "spec/seccomp-profile.h"

#include <linux/capability.h>
#include <string.h>

static const struct seccomp_target target = {
	.capabilities = UINT64_C(1) << CAP_SYS_ADMIN, .kernel = 5, .major = 14};

static int convert(const char *text, struct str *out, struct error *err)
{
	return seccomp_profile_convert(text, strlen(text), &target, out, err);
}

static void expect(const char *text, const char *wanted)
{
	auto_str out = {0};

	assert_int_equal(convert(text, &out, NULL), 0);
	assert_string_equal(str_text(&out), wanted);
}

#define RULE(conditions)                                                                     \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":" \
	"\"SCMP_ACT_ALLOW\"" conditions "}]}"
#define WITH                                                                                 \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":" \
	"\"SCMP_ACT_ALLOW\"}]}"
#define WITHOUT "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]}"

TEST(rules_are_there_if_their_conditions_hold)
{
	expect(RULE(""), WITH);
	expect(RULE(",\"includes\":{},\"excludes\":{}"), WITH);
	expect(RULE(",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}"), WITH);
	expect(RULE(",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}"), WITHOUT);
	expect(RULE(",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}"), WITHOUT);
	expect(RULE(",\"excludes\":{\"caps\":[\"CAP_BPF\"]}"), WITH);
	expect(RULE(",\"includes\":{\"arches\":[\"s390\"]}"), WITHOUT);
	expect(RULE(",\"includes\":{\"arches\":[\"s390\",\"amd64\",\"arm64\"]}"), WITH);
	expect(RULE(",\"excludes\":{\"arches\":[\"amd64\",\"arm64\"]}"), WITHOUT);
	expect(RULE(",\"includes\":{\"minKernel\":\"5.14\"}"), WITH);
	expect(RULE(",\"includes\":{\"minKernel\":\"5.15\"}"), WITHOUT);
	expect(RULE(",\"includes\":{\"minKernel\":\"4.20\"}"), WITH);
	expect(RULE(",\"excludes\":{\"minKernel\":\"5.14\"}"), WITHOUT);
}

TEST(a_single_name_becomes_a_list_and_arguments_are_kept)
{
	expect("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1,\"comment\":\"x\","
	       "\"syscalls\":[{\"name\":\"a\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,"
	       "\"comment\":\"y\",\"args\":[{\"index\":0,\"value\":18446744073709551615,"
	       "\"op\":\"SCMP_CMP_EQ\"}]}]}",
	       "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1,\"syscalls\":["
	       "{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,"
	       "\"args\":[{\"index\":0,\"value\":18446744073709551615,"
	       "\"op\":\"SCMP_CMP_EQ\"}]}]}");
}

TEST(a_profile_that_says_nothing_is_no_filter)
{
	expect("{}", "");
	expect("{\"defaultAction\":\"\",\"syscalls\":null}", "");
}

TEST(only_the_machines_own_architectures_are_taken_from_the_map)
{
	auto_str out = {0};

	assert_int_equal(convert("{\"defaultAction\":\"A\",\"archMap\":["
				 "{\"architecture\":\"SCMP_ARCH_S390X\"},"
				 "{\"architecture\":\"SCMP_ARCH_X86_64\","
				 "\"subArchitectures\":[\"SCMP_ARCH_X86\"]},"
				 "{\"architecture\":\"SCMP_ARCH_AARCH64\","
				 "\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}]}",
				 &out, NULL),
			 0);
	assert_null(strstr(str_text(&out), "S390X"));
#if defined(__x86_64__)
	assert_non_null(strstr(str_text(&out),
			       "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]"));
#endif
}

TEST(what_contradicts_itself_is_refused_in_dockers_words)
{
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{"", "Decoding seccomp profile failed"},
		{"[]", "Decoding seccomp profile failed"},
		{"{\"defaultAction\":1}", "wrong type"},
		{"{\"defaultAction\":\"A\",\"syscalls\":[1]}", "not an object"},
		{"{\"defaultAction\":\"A\",\"architectures\":[\"x\"],\"archMap\":[{}]}",
		 "both 'architectures' and 'archMap'"},
		{RULE(",\"name\":\"b\""), "both 'name' and 'names'"},
		{RULE(",\"includes\":{\"minKernel\":\"5\"}"), "invalid kernel version"},
		{RULE(",\"includes\":{\"minKernel\":\"0.0\"}"), "invalid kernel version"},
		{RULE(",\"includes\":{\"minKernel\":\"5.14.1\"}"), "invalid kernel version"},
		{RULE(",\"includes\":[]"), "wrong type"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_str out = {0};
		auto_error err = {0};

		assert_true(convert(cases[i].text, &out, &err) < 0);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_non_null(strstr(err.message, cases[i].words));
		assert_int_equal(out.len, 0);
	}
}
