#include "spec/seccomp-default.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* Allowed whatever the arguments. */
static const char *const allowed[] = {
	"_llseek",
	"_newselect",
	"accept",
	"accept4",
	"access",
	"adjtimex",
	"alarm",
	"bind",
	"brk",
	"cachestat",
	"capget",
	"capset",
	"chdir",
	"chmod",
	"chown",
	"chown32",
	"clock_adjtime",
	"clock_adjtime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"close",
	"close_range",
	"connect",
	"copy_file_range",
	"creat",
	"dup",
	"dup2",
	"dup3",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_ctl_old",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
	"epoll_wait_old",
	"eventfd",
	"eventfd2",
	"execve",
	"execveat",
	"exit",
	"exit_group",
	"faccessat",
	"faccessat2",
	"fadvise64",
	"fadvise64_64",
	"fallocate",
	"fanotify_mark",
	"fchdir",
	"fchmod",
	"fchmodat",
	"fchmodat2",
	"fchown",
	"fchown32",
	"fchownat",
	"fcntl",
	"fcntl64",
	"fdatasync",
	"fgetxattr",
	"flistxattr",
	"flock",
	"fork",
	"fremovexattr",
	"fsetxattr",
	"fstat",
	"fstat64",
	"fstatat64",
	"fstatfs",
	"fstatfs64",
	"fsync",
	"ftruncate",
	"ftruncate64",
	"futex",
	"futex_requeue",
	"futex_time64",
	"futex_wait",
	"futex_waitv",
	"futex_wake",
	"futimesat",
	"get_robust_list",
	"get_thread_area",
	"getcpu",
	"getcwd",
	"getdents",
	"getdents64",
	"getegid",
	"getegid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getgroups",
	"getgroups32",
	"getitimer",
	"getpeername",
	"getpgid",
	"getpgrp",
	"getpid",
	"getppid",
	"getpriority",
	"getrandom",
	"getresgid",
	"getresgid32",
	"getresuid",
	"getresuid32",
	"getrlimit",
	"getrusage",
	"getsid",
	"getsockname",
	"getsockopt",
	"gettid",
	"gettimeofday",
	"getuid",
	"getuid32",
	"getxattr",
	"getxattrat",
	"inotify_add_watch",
	"inotify_init",
	"inotify_init1",
	"inotify_rm_watch",
	"io_cancel",
	"io_destroy",
	"io_getevents",
	"io_pgetevents",
	"io_pgetevents_time64",
	"io_setup",
	"io_submit",
	"ioctl",
	"ioprio_get",
	"ioprio_set",
	"ipc",
	"kill",
	"landlock_add_rule",
	"landlock_create_ruleset",
	"landlock_restrict_self",
	"lchown",
	"lchown32",
	"lgetxattr",
	"link",
	"linkat",
	"listen",
	"listmount",
	"listxattr",
	"listxattrat",
	"llistxattr",
	"lremovexattr",
	"lseek",
	"lsetxattr",
	"lstat",
	"lstat64",
	"madvise",
	"map_shadow_stack",
	"membarrier",
	"memfd_create",
	"memfd_secret",
	"mincore",
	"mkdir",
	"mkdirat",
	"mknod",
	"mknodat",
	"mlock",
	"mlock2",
	"mlockall",
	"mmap",
	"mmap2",
	"mprotect",
	"mq_getsetattr",
	"mq_notify",
	"mq_open",
	"mq_timedreceive",
	"mq_timedreceive_time64",
	"mq_timedsend",
	"mq_timedsend_time64",
	"mq_unlink",
	"mremap",
	"mseal",
	"msgctl",
	"msgget",
	"msgrcv",
	"msgsnd",
	"msync",
	"munlock",
	"munlockall",
	"munmap",
	"name_to_handle_at",
	"nanosleep",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"pause",
	"pidfd_open",
	"pidfd_send_signal",
	"pipe",
	"pipe2",
	"pkey_alloc",
	"pkey_free",
	"pkey_mprotect",
	"poll",
	"ppoll",
	"ppoll_time64",
	"prctl",
	"pread64",
	"preadv",
	"preadv2",
	"prlimit64",
	"process_mrelease",
	"process_vm_readv",
	"process_vm_writev",
	"pselect6",
	"pselect6_time64",
	"ptrace",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"read",
	"readahead",
	"readlink",
	"readlinkat",
	"readv",
	"recv",
	"recvfrom",
	"recvmmsg",
	"recvmmsg_time64",
	"recvmsg",
	"remap_file_pages",
	"removexattr",
	"removexattrat",
	"rename",
	"renameat",
	"renameat2",
	"restart_syscall",
	"riscv_hwprobe",
	"rmdir",
	"rseq",
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigprocmask",
	"rt_sigqueueinfo",
	"rt_sigreturn",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"rt_sigtimedwait_time64",
	"rt_tgsigqueueinfo",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"sched_getaffinity",
	"sched_getattr",
	"sched_getparam",
	"sched_getscheduler",
	"sched_rr_get_interval",
	"sched_rr_get_interval_time64",
	"sched_setaffinity",
	"sched_setattr",
	"sched_setparam",
	"sched_setscheduler",
	"sched_yield",
	"seccomp",
	"select",
	"semctl",
	"semget",
	"semop",
	"semtimedop",
	"semtimedop_time64",
	"send",
	"sendfile",
	"sendfile64",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"set_robust_list",
	"set_thread_area",
	"set_tid_address",
	"setfsgid",
	"setfsgid32",
	"setfsuid",
	"setfsuid32",
	"setgid",
	"setgid32",
	"setgroups",
	"setgroups32",
	"setitimer",
	"setpgid",
	"setpriority",
	"setregid",
	"setregid32",
	"setresgid",
	"setresgid32",
	"setresuid",
	"setresuid32",
	"setreuid",
	"setreuid32",
	"setrlimit",
	"setsid",
	"setsockopt",
	"setuid",
	"setuid32",
	"setxattr",
	"setxattrat",
	"shmat",
	"shmctl",
	"shmdt",
	"shmget",
	"shutdown",
	"sigaltstack",
	"signalfd",
	"signalfd4",
	"sigprocmask",
	"sigreturn",
	"socketcall",
	"socketpair",
	"splice",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"statmount",
	"statx",
	"symlink",
	"symlinkat",
	"sync",
	"sync_file_range",
	"syncfs",
	"sysinfo",
	"tee",
	"tgkill",
	"time",
	"timer_create",
	"timer_delete",
	"timer_getoverrun",
	"timer_gettime",
	"timer_gettime64",
	"timer_settime",
	"timer_settime64",
	"timerfd_create",
	"timerfd_gettime",
	"timerfd_gettime64",
	"timerfd_settime",
	"timerfd_settime64",
	"times",
	"tkill",
	"truncate",
	"truncate64",
	"ugetrlimit",
	"umask",
	"uname",
	"unlink",
	"unlinkat",
	"uretprobe",
	"utime",
	"utimensat",
	"utimensat_time64",
	"utimes",
	"vfork",
	"vmsplice",
	"wait4",
	"waitid",
	"waitpid",
	"write",
	"writev",
#if defined(__x86_64__)
	"arch_prctl",
	"modify_ldt",
#elif defined(__aarch64__)
	"arm_fadvise64_64",
	"arm_sync_file_range",
	"breakpoint",
	"cacheflush",
	"set_tls",
	"sync_file_range2",
#endif
	NULL,
};

/* Allowed to who has the capability. */
struct capability_rule {
	unsigned capability;
	const char *names[32]; /* NULL-terminated */
};

static const struct capability_rule capability_rules[] = {
	{CAP_DAC_READ_SEARCH, {"open_by_handle_at"}},
	{CAP_SYS_ADMIN,
	 {"bpf",
	  "clone",
	  "clone3",
	  "fanotify_init",
	  "fsconfig",
	  "fsmount",
	  "fsopen",
	  "fspick",
	  "lookup_dcookie",
	  "lsm_get_self_attr",
	  "lsm_list_modules",
	  "lsm_set_self_attr",
	  "mount",
	  "mount_setattr",
	  "move_mount",
	  "open_tree",
	  "perf_event_open",
	  "quotactl",
	  "quotactl_fd",
	  "setdomainname",
	  "sethostname",
	  "setns",
	  "syslog",
	  "umount",
	  "umount2",
	  "unshare"}},
	{CAP_SYS_BOOT, {"reboot"}},
	{CAP_SYS_CHROOT, {"chroot"}},
	{CAP_SYS_MODULE, {"delete_module", "init_module", "finit_module"}},
	{CAP_SYS_PACCT, {"acct"}},
	{CAP_SYS_PTRACE,
	 {"kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev",
	  "ptrace"}},
	{CAP_SYS_RAWIO, {"iopl", "ioperm"}},
	{CAP_SYS_TIME, {"settimeofday", "stime", "clock_settime", "clock_settime64"}},
	{CAP_SYS_TTY_CONFIG, {"vhangup"}},
	{CAP_SYS_NICE, {"get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"}},
	{CAP_SYSLOG, {"syslog"}},
	{CAP_BPF, {"bpf"}},
	{CAP_PERFMON, {"perf_event_open"}},
};

/* (argument 0 & mask) == value. The kernel takes these arguments as 32-bit numbers, and so do we.
 */
struct argument_rule {
	const char *name;
	uint64_t mask;
	uint64_t value;
};

#define EXACT 0xffffffff

static const struct argument_rule argument_rules[] = {
	/* Every address family but DECnet (12), Econet (19), ATM SVC (20), IrDA (23), 25, 34, CAIF
	 * (37), ALG (38), VSOCK (40) and those that do not exist yet. */
	{"socket", 0xfffffff8, 0}, /* 0 to 7 */
	{"socket", 0xfffffffc, 8}, /* 8 to 11 */
	{"socket", EXACT, 13},		 {"socket", 0xfffffffe, 14},
	{"socket", 0xfffffffe, 16},	 {"socket", EXACT, 18},
	{"socket", EXACT, 21},		 {"socket", EXACT, 22},
	{"socket", EXACT, 24},		 {"socket", 0xfffffffe, 26},
	{"socket", 0xfffffffc, 28},	 {"socket", 0xfffffffe, 32},
	{"socket", EXACT, 35},		 {"socket", EXACT, 36},
	{"socket", EXACT, 39},		 {"socket", EXACT, 41},
	{"socket", 0xfffffffe, 42},	 {"socket", 0xfffffffe, 44},
	{"personality", EXACT, 0},	 {"personality", EXACT, 0x8},	     /* PER_LINUX32 */
	{"personality", EXACT, 0x20000},				     /* UNAME26 */
	{"personality", EXACT, 0x20008}, {"personality", EXACT, 0xffffffff}, /* asks */
};

/* CLONE_NEW* of every namespace but time, which clone() cannot ask for. */
#define CLONE_NAMESPACES 0x7e020000

static void write_rule(struct json_writer *w, const char *const *names, const char *action)
{
	json_object_begin(w, NULL);
	json_array_begin(w, "names");
	for (size_t i = 0; names[i]; i++)
		json_write_string(w, NULL, names[i]);
	json_end(w);
	json_write_string(w, "action", action);
}

static void write_masked(struct json_writer *w, const char *name, uint64_t mask, uint64_t value)
{
	const char *const names[] = {name, NULL};

	write_rule(w, names, "SCMP_ACT_ALLOW");
	json_array_begin(w, "args");
	json_object_begin(w, NULL);
	json_write_u64(w, "index", 0);
	json_write_u64(w, "value", mask);
	json_write_u64(w, "valueTwo", value);
	json_write_string(w, "op", "SCMP_CMP_MASKED_EQ");
	json_end(w);
	json_end(w);
	json_end(w);
}

static void write_architectures(struct json_writer *w)
{
	json_array_begin(w, "architectures");
#if defined(__x86_64__)
	json_write_string(w, NULL, "SCMP_ARCH_X86_64");
	json_write_string(w, NULL, "SCMP_ARCH_X86");
	json_write_string(w, NULL, "SCMP_ARCH_X32");
#elif defined(__aarch64__)
	json_write_string(w, NULL, "SCMP_ARCH_AARCH64");
	json_write_string(w, NULL, "SCMP_ARCH_ARM");
#else
#error "name the architectures of the default seccomp profile"
#endif
	json_end(w);
}

/* Without CAP_SYS_ADMIN: clone without new namespaces, and no clone3, whose flags are in memory
 * that a filter cannot see; callers fall back to clone when it is said not to exist. */
static void write_clone(struct json_writer *w)
{
	static const char *const clone3[] = {"clone3", NULL};

	write_masked(w, "clone", CLONE_NAMESPACES, 0);
	write_rule(w, clone3, "SCMP_ACT_ERRNO");
	json_write_u64(w, "errnoRet", ENOSYS);
	json_end(w);
}

void seccomp_default_write(struct json_writer *w, const char *key, uint64_t capabilities)
{
	json_object_begin(w, key);
	json_write_string(w, "defaultAction", "SCMP_ACT_ERRNO");
	json_write_u64(w, "defaultErrnoRet", EPERM);
	write_architectures(w);
	json_array_begin(w, "syscalls");
	write_rule(w, allowed, "SCMP_ACT_ALLOW");
	json_end(w);
	for (size_t i = 0; i < ARRAY_SIZE(argument_rules); i++)
		write_masked(w, argument_rules[i].name, argument_rules[i].mask,
			     argument_rules[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(capability_rules); i++) {
		if (!(capabilities & BIT(capability_rules[i].capability)))
			continue;
		write_rule(w, capability_rules[i].names, "SCMP_ACT_ALLOW");
		json_end(w);
	}
	if (!(capabilities & BIT(CAP_SYS_ADMIN)))
		write_clone(w);
	json_end(w);
	json_end(w);
}
