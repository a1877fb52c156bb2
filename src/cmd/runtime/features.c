/* kist-runtime features: what this runtime can do, as the specification's document. */
#include "cmd/runtime/runtime.h"

#include "base/str.h"
#include "codec/json-write.h"
#include "runtime/container.h"
#include "spec/capability.h"
#include "spec/runtime-config.h"

#include <stdio.h>

static void write_list(struct json_writer *w, const char *key, const char *const *list)
{
	json_array_begin(w, key);
	for (; *list; list++)
		json_write_string(w, NULL, *list);
	json_end(w);
}

static void write_flag(struct json_writer *w, const char *key, const char *member, bool value)
{
	json_object_begin(w, key);
	json_write_bool(w, member, value);
	json_end(w);
}

static void write_seccomp(struct json_writer *w)
{
	static const char *const actions[] = {"SCMP_ACT_ALLOW",	      "SCMP_ACT_ERRNO",
					      "SCMP_ACT_KILL",	      "SCMP_ACT_KILL_PROCESS",
					      "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
					      "SCMP_ACT_NOTIFY",      "SCMP_ACT_TRACE",
					      "SCMP_ACT_TRAP",	      NULL};
	static const char *const operators[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
						"SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
						"SCMP_CMP_NE", NULL};
	static const char *const archs[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
					    "SCMP_ARCH_X32",	 "SCMP_ARCH_X86",
					    "SCMP_ARCH_X86_64",	 NULL};
	static const char *const flags[] = {
		"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL};

	json_object_begin(w, "seccomp");
	json_write_bool(w, "enabled", true);
	write_list(w, "actions", actions);
	write_list(w, "operators", operators);
	write_list(w, "archs", archs);
	write_list(w, "knownFlags", flags);
	write_list(w, "supportedFlags", flags);
	json_end(w);
}

static void write_linux(struct json_writer *w)
{
	json_object_begin(w, "linux");
	json_array_begin(w, "namespaces");
	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++)
		json_write_string(w, NULL, runtime_namespace_name((enum runtime_namespace_kind)i));
	json_end(w);
	json_array_begin(w, "capabilities");
	for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
		json_write_string(w, NULL, capability_name(i));
	json_end(w);
	json_object_begin(w, "cgroup");
	json_write_bool(w, "v1", true);
	json_write_bool(w, "v2", true);
	json_write_bool(w, "systemd", false);
	json_write_bool(w, "systemdUser", false);
	json_write_bool(w, "rdma", true);
	json_end(w);
	write_seccomp(w);
	write_flag(w, "apparmor", "enabled", true);
	write_flag(w, "selinux", "enabled", true);
	write_flag(w, "intelRdt", "enabled", false);
	json_object_begin(w, "mountExtensions");
	write_flag(w, "idmap", "enabled", true);
	json_end(w);
	write_flag(w, "netDevices", "enabled", true);
	json_object_begin(w, "memoryPolicy");
	json_end(w);
	json_end(w);
}

static int features(const struct invocation *invocation, void *values)
{
	static const char *const hooks[] = {"prestart",
					    "createRuntime",
					    "createContainer",
					    "startContainer",
					    "poststart",
					    "poststop",
					    NULL};
	auto_str text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 4);
	json_object_begin(&w, NULL);
	json_write_string(&w, "ociVersionMin", "1.0.0");
	json_write_string(&w, "ociVersionMax", RUNTIME_VERSION_SPEC);
	write_list(&w, "hooks", hooks);
	json_array_begin(&w, "mountOptions");
	for (size_t i = 0; runtime_mount_word(i); i++)
		json_write_string(&w, NULL, runtime_mount_word(i));
	json_end(&w);
	write_linux(&w);
	json_end(&w);
	(void)printf("%s\n", str_text(&text));
	return 0;
}

const struct command command_features = {
	.name = "features",
	.usage = "",
	.summary = "Show what this runtime can do, as JSON",
	.run = features,
};
