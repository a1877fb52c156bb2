/*
 * The OCI runtime's config.json (specification 1.3, Linux) as structs: read strictly, nothing
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
	RUNTIME_NAMESPACE_USER,
	RUNTIME_NAMESPACE_TIME,
	RUNTIME_NAMESPACE_COUNT,
};

struct runtime_namespace {
	bool present;
	const char *path; /* NULL: a new one */
};

/* @count ids from @inside on stand for those from @outside on. */
struct runtime_id_map {
	uint32_t inside, outside, count;
};

struct runtime_id_maps {
	struct runtime_id_map *v; /* owned */
	size_t n;
};

/* One of linux.timeOffsets. */
struct runtime_time_offset {
	bool set;
	int64_t seconds;
	uint32_t nanoseconds;
};

/* A list such as "0-3,7" as bits, for sched_setaffinity(2) and set_mempolicy(2). */
#define RUNTIME_BITS_MAX 8192
struct runtime_bits {
	unsigned long word[RUNTIME_BITS_MAX / 8 / sizeof(unsigned long)];
};

/* One element of "mounts". Attributes are MOUNT_ATTR_*, for mount_setattr(2). */
struct runtime_mount {
	const char *destination;
	const char *type;   /* "bind" where an option or the type says so */
	const char *source; /* may be NULL */
	bool bind;
	bool recursive; /* rbind */
	bool copy_up;	/* tmpcopyup */
	bool copy_symlink;
	bool nofollow_source, nofollow_destination;
	bool idmap, idmap_recursive;
	struct runtime_id_maps uid_maps, gid_maps; /* of the mount; none: the container's */
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

/* For sched_setattr(2). */
struct runtime_scheduler {
	bool set;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period;
};

struct runtime_io_priority {
	bool set;
	int class; /* IOPRIO_CLASS_* */
	int priority;
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
	const char *apparmor_profile, *selinux_label; /* NULL: none asked for */
	struct runtime_scheduler scheduler;
	struct runtime_io_priority io_priority;
	struct runtime_bits *affinity_initial, *affinity_final; /* owned; of exec; NULL: as it is */
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

struct runtime_block_device {
	int64_t major, minor;
	int64_t value; /* a weight, or a rate */
	int64_t leaf_weight;
	bool has_weight, has_leaf_weight;
};

enum runtime_throttle {
	RUNTIME_THROTTLE_READ_BPS,
	RUNTIME_THROTTLE_WRITE_BPS,
	RUNTIME_THROTTLE_READ_IOPS,
	RUNTIME_THROTTLE_WRITE_IOPS,
	RUNTIME_THROTTLE_COUNT,
};

struct runtime_block_devices {
	struct runtime_block_device *v; /* owned */
	size_t n;
};

struct runtime_block {
	struct runtime_i64 weight, leaf_weight;
	struct runtime_block_devices weights;
	struct runtime_block_devices throttles[RUNTIME_THROTTLE_COUNT];
};

struct runtime_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;
};

struct runtime_rdma_limit {
	const char *device;
	struct runtime_i64 handles, objects;
};

struct runtime_network_priority {
	const char *name;
	uint32_t priority;
};

struct runtime_resources {
	struct runtime_device_rule *devices; /* owned */
	size_t device_count;
	struct runtime_i64 memory_limit, memory_reservation, memory_swap, memory_swappiness;
	bool oom_kill_disable;
	bool memory_check; /* refuse a limit below what is in use */
	struct runtime_i64 cpu_shares, cpu_quota, cpu_period, cpu_burst, cpu_idle;
	struct runtime_i64 cpu_realtime_runtime, cpu_realtime_period;
	const char *cpus, *mems;
	struct runtime_i64 pids_limit;
	struct runtime_unified *unified; /* owned, like the following */
	size_t unified_count;
	struct runtime_block *block; /* NULL: nothing said */
	struct runtime_hugepage_limit *hugepages;
	size_t hugepage_count;
	struct runtime_rdma_limit *rdma;
	size_t rdma_count;
	struct runtime_i64 network_class;
	struct runtime_network_priority *network_priorities;
	size_t network_priority_count;
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
	uint32_t flags;				       /* SECCOMP_FILTER_FLAG_* */
	bool notify;				       /* an action is SCMP_ACT_NOTIFY */
	const char *listener_path, *listener_metadata; /* NULL: none */
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

/* linux.memoryPolicy, for set_mempolicy(2). */
struct runtime_memory_policy {
	bool set;
	unsigned mode;		    /* MPOL_* with MPOL_F_* */
	struct runtime_bits *nodes; /* owned; NULL: none */
};

/* linux.netDevices: an interface of the host's that moves into the container. */
struct runtime_net_device {
	const char *name;
	const char *new_name; /* the same, unless another was asked for */
};

/* linux.intelRdt */
struct runtime_rdt {
	bool set;
	const char *clos_id;
	const char *l3_schema, *bandwidth_schema; /* NULL: none */
	char **schemata;			  /* owned list */
	bool monitoring;
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
	struct runtime_id_maps uid_maps, gid_maps;
	struct runtime_time_offset monotonic, boottime;
	struct runtime_device *devices;
	size_t device_count;
	struct runtime_resources resources;
	const char *cgroups_path;
	char **masked_paths;
	char **readonly_paths;
	struct runtime_sysctl *sysctls;
	size_t sysctl_count;
	uint64_t rootfs_propagation; /* MS_*; 0: not said */
	bool has_personality;
	unsigned long personality; /* PER_LINUX, PER_LINUX32 */
	struct runtime_memory_policy memory_policy;
	struct runtime_net_device *net_devices;
	size_t net_device_count;
	struct runtime_rdt rdt;
	const char *mount_label;	 /* NULL: none asked for */
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

/* Reads an object "resources" alone (update); what it points to stays @object's. */
int runtime_resources_read(const struct json *object, struct runtime_resources *ret,
			   struct error *err) MUST_CHECK;
void runtime_resources_release(struct runtime_resources *resources);

/* Whether the kernel shows the container a namespace of its own of this kind, new or joined. */
static inline bool runtime_has_namespace(const struct runtime_config *config,
					 enum runtime_namespace_kind kind)
{
	return config->namespaces[kind].present;
}

/* The words of mount options that are known, by number; NULL behind the last. */
const char *runtime_mount_word(size_t number);

/* "prestart", "createRuntime", ... */
const char *runtime_hook_name(enum runtime_hook_kind kind);

/* "network", "pid", ... as config.json has them. */
const char *runtime_namespace_name(enum runtime_namespace_kind kind);
