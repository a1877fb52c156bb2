/*
 * The OCI runtime's config.json (specification 1.2, Linux) as structs: read strictly, nothing
 * applied, nothing looked up on this machine.
 *
 * Strings point into the JSON tree that the struct owns: a config lives as long as everything that
 * was taken from it. A member of the wrong type, out of range or in contradiction to another is
 * refused with the path of the member; unknown members are ignored, as the specification demands;
 * known members that this runtime does not carry out are refused, never skipped.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RUNTIME_CONFIG_MAX (16 * 1024 * 1024)

enum runtime_namespace_kind {
	RUNTIME_NAMESPACE_PID,
	RUNTIME_NAMESPACE_NETWORK,
	RUNTIME_NAMESPACE_MOUNT,
	RUNTIME_NAMESPACE_IPC,
	RUNTIME_NAMESPACE_UTS,
	RUNTIME_NAMESPACE_CGROUP,
	RUNTIME_NAMESPACE_COUNT,
};

struct runtime_namespace {
	bool present;
	const char *path; /* NULL: a new one */
};

/* One element of "mounts". Attributes are MOUNT_ATTR_*, for mount_setattr(2). */
struct runtime_mount {
	const char *destination;
	const char *type;   /* "bind" where an option or the type says so */
	const char *source; /* may be NULL */
	bool bind;
	bool recursive; /* rbind */
	bool copy_up;	/* tmpcopyup */
	uint64_t set, clear;
	uint64_t set_recursive, clear_recursive;
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0: as it is */
	bool propagation_recursive;
	char *const *data; /* owned list of the file system's own options; NULL-terminated */
};

struct runtime_rlimit {
	int resource; /* RLIMIT_* */
	const char *name;
	uint64_t soft, hard;
};

struct runtime_user {
	uid_t uid;
	gid_t gid;
	bool has_umask;
	mode_t umask;
	gid_t *groups; /* owned */
	size_t group_count;
};

/* CAPABILITY_SET_* are positions in runtime_process.capabilities. */
enum runtime_capability_set {
	RUNTIME_CAPABILITY_BOUNDING,
	RUNTIME_CAPABILITY_EFFECTIVE,
	RUNTIME_CAPABILITY_PERMITTED,
	RUNTIME_CAPABILITY_INHERITABLE,
	RUNTIME_CAPABILITY_AMBIENT,
	RUNTIME_CAPABILITY_SET_COUNT,
};

struct runtime_process {
	bool terminal;
	uint16_t console_height, console_width;
	struct runtime_user user;
	char **args; /* owned list, never empty */
	char **env;  /* owned list */
	const char *cwd;
	bool has_capabilities;
	uint64_t capabilities[RUNTIME_CAPABILITY_SET_COUNT];
	bool no_new_privileges;
	struct runtime_rlimit *rlimits; /* owned */
	size_t rlimit_count;
	bool has_oom_score_adj;
	int oom_score_adj;
};

struct runtime_device_rule {
	bool allow;
	char type;	      /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: all */
	unsigned access;      /* RUNTIME_DEVICE_* */
};

enum runtime_device_access {
	RUNTIME_DEVICE_MKNOD = 1 << 0, /* the bits of BPF_DEVCG_ACC_* */
	RUNTIME_DEVICE_READ = 1 << 1,
	RUNTIME_DEVICE_WRITE = 1 << 2,
};

struct runtime_device {
	const char *path;
	char type; /* 'b', 'c', 'p' */
	unsigned major, minor;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* A number that may be absent. */
struct runtime_i64 {
	bool set;
	int64_t value;
};

struct runtime_unified {
	const char *file;
	const char *value;
};

struct runtime_resources {
	struct runtime_device_rule *devices; /* owned */
	size_t device_count;
	struct runtime_i64 memory_limit, memory_reservation, memory_swap, memory_swappiness;
	bool oom_kill_disable;
	struct runtime_i64 cpu_shares, cpu_quota, cpu_period, cpu_burst, cpu_idle;
	const char *cpus, *mems;
	struct runtime_i64 pids_limit;
	struct runtime_unified *unified; /* owned */
	size_t unified_count;
};

struct runtime_seccomp_arg {
	unsigned index;
	uint64_t value, value_two;
	unsigned op; /* enum runtime_seccomp_op */
};

enum runtime_seccomp_op {
	RUNTIME_SECCOMP_NE = 1, /* as libseccomp numbers them */
	RUNTIME_SECCOMP_LT,
	RUNTIME_SECCOMP_LE,
	RUNTIME_SECCOMP_EQ,
	RUNTIME_SECCOMP_GE,
	RUNTIME_SECCOMP_GT,
	RUNTIME_SECCOMP_MASKED_EQ,
};

struct runtime_seccomp_rule {
	char **names;	 /* owned list */
	uint32_t action; /* SECCOMP_RET_*, with the errno in its low half */
	struct runtime_seccomp_arg args[6];
	size_t arg_count;
};

#define RUNTIME_SECCOMP_ARCHITECTURES_MAX 16

struct runtime_seccomp {
	uint32_t default_action;
	uint32_t architectures[RUNTIME_SECCOMP_ARCHITECTURES_MAX]; /* AUDIT_ARCH_*, or
								      RUNTIME_SECCOMP_X32 */
	size_t architecture_count;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	struct runtime_seccomp_rule *rules;
	size_t rule_count;
};

/* x32 has no audit architecture of its own. */
#define RUNTIME_SECCOMP_X32 0x4000003eU

struct runtime_hook {
	const char *path;
	char **args;	 /* owned list; NULL: the path alone */
	char **env;	 /* owned list; NULL: empty */
	int64_t timeout; /* seconds; 0: none */
};

enum runtime_hook_kind {
	RUNTIME_HOOK_PRESTART,
	RUNTIME_HOOK_CREATE_RUNTIME,
	RUNTIME_HOOK_CREATE_CONTAINER,
	RUNTIME_HOOK_START_CONTAINER,
	RUNTIME_HOOK_POSTSTART,
	RUNTIME_HOOK_POSTSTOP,
	RUNTIME_HOOK_COUNT,
};

struct runtime_hooks {
	struct runtime_hook *v; /* owned */
	size_t n;
};

struct runtime_sysctl {
	const char *key;
	const char *value;
};

struct runtime_config {
	struct json *root; /* owned; what all strings point into */
	const char *version;
	const char *hostname, *domainname;
	const char *rootfs;
	bool rootfs_readonly;
	bool has_process;
	struct runtime_process process;
	struct runtime_mount *mounts; /* owned, like all arrays here */
	size_t mount_count;
	struct runtime_namespace namespaces[RUNTIME_NAMESPACE_COUNT];
	struct runtime_device *devices;
	size_t device_count;
	struct runtime_resources resources;
	const char *cgroups_path;
	char **masked_paths;
	char **readonly_paths;
	struct runtime_sysctl *sysctls;
	size_t sysctl_count;
	uint64_t rootfs_propagation;	 /* MS_*; 0: not said */
	struct runtime_seccomp *seccomp; /* NULL: none */
	struct runtime_hooks hooks[RUNTIME_HOOK_COUNT];
	const struct json *annotations;
};

#define auto_runtime_config  CLEANUP(runtime_config_release) struct runtime_config
#define auto_runtime_process CLEANUP(runtime_process_release) struct runtime_process

/* Reads a whole config.json. ERROR_INVALID, ERROR_UNSUPPORTED. */
int runtime_config_parse(const char *text, size_t len, struct runtime_config *ret,
			 struct error *err) MUST_CHECK;
void runtime_config_release(struct runtime_config *config);

/* Reads the object "process", alone (exec --process) or as a member; what it points to stays
 * @object's. */
int runtime_process_read(const struct json *object, struct runtime_process *ret,
			 struct error *err) MUST_CHECK;
void runtime_process_release(struct runtime_process *process);

/* "network", "pid", ... as config.json has them. */
const char *runtime_namespace_name(enum runtime_namespace_kind kind);
