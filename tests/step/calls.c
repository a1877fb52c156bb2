#include "calls.h"

#include "base/macro.h"

#include <errno.h>
#include <limits.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum { CALLS_MAX = 1024 };

static const struct {
	const char *name;
	struct call_path
		paths[CALL_PATHS_MAX]; /* the second is there if it is not its own descriptor */
} WITH_PATHS[] = {
	{"access", {{-1, 0}, {0, 0}}},
	{"chdir", {{-1, 0}, {0, 0}}},
	{"chmod", {{-1, 0}, {0, 0}}},
	{"chown", {{-1, 0}, {0, 0}}},
	{"chroot", {{-1, 0}, {0, 0}}},
	{"creat", {{-1, 0}, {0, 0}}},
	{"execve", {{-1, 0}, {0, 0}}},
	{"execveat", {{0, 1}, {0, 0}}},
	{"faccessat", {{0, 1}, {0, 0}}},
	{"faccessat2", {{0, 1}, {0, 0}}},
	{"fchmodat", {{0, 1}, {0, 0}}},
	{"fchmodat2", {{0, 1}, {0, 0}}},
	{"fchownat", {{0, 1}, {0, 0}}},
	{"fspick", {{0, 1}, {0, 0}}},
	{"getxattr", {{-1, 0}, {0, 0}}},
	{"lchown", {{-1, 0}, {0, 0}}},
	{"lgetxattr", {{-1, 0}, {0, 0}}},
	{"link", {{-1, 0}, {-1, 1}}},
	{"linkat", {{0, 1}, {2, 3}}},
	{"listxattr", {{-1, 0}, {0, 0}}},
	{"llistxattr", {{-1, 0}, {0, 0}}},
	{"lsetxattr", {{-1, 0}, {0, 0}}},
	{"lstat", {{-1, 0}, {0, 0}}},
	{"mkdir", {{-1, 0}, {0, 0}}},
	{"mkdirat", {{0, 1}, {0, 0}}},
	{"mknod", {{-1, 0}, {0, 0}}},
	{"mknodat", {{0, 1}, {0, 0}}},
	{"mount", {{-1, 1}, {-1, 0}}},
	{"mount_setattr", {{0, 1}, {0, 0}}},
	{"move_mount", {{2, 3}, {0, 1}}},
	{"name_to_handle_at", {{0, 1}, {0, 0}}},
	{"newfstatat", {{0, 1}, {0, 0}}},
	{"open", {{-1, 0}, {0, 0}}},
	{"open_tree", {{0, 1}, {0, 0}}},
	{"openat", {{0, 1}, {0, 0}}},
	{"openat2", {{0, 1}, {0, 0}}},
	{"pivot_root", {{-1, 0}, {-1, 1}}},
	{"readlink", {{-1, 0}, {0, 0}}},
	{"readlinkat", {{0, 1}, {0, 0}}},
	{"rename", {{-1, 0}, {-1, 1}}},
	{"renameat", {{0, 1}, {2, 3}}},
	{"renameat2", {{0, 1}, {2, 3}}},
	{"rmdir", {{-1, 0}, {0, 0}}},
	{"setxattr", {{-1, 0}, {0, 0}}},
	{"stat", {{-1, 0}, {0, 0}}},
	{"statfs", {{-1, 0}, {0, 0}}},
	{"statx", {{0, 1}, {0, 0}}},
	{"symlink", {{-1, 1}, {0, 0}}},
	{"symlinkat", {{1, 2}, {0, 0}}},
	{"truncate", {{-1, 0}, {0, 0}}},
	{"umount2", {{-1, 0}, {0, 0}}},
	{"unlink", {{-1, 0}, {0, 0}}},
	{"unlinkat", {{0, 1}, {0, 0}}},
	{"utimensat", {{0, 1}, {0, 0}}},
};

static const char *const WITH_DESCRIPTOR[] = {
	"accept",    "accept4",	    "bind",
	"close",     "connect",	    "copy_file_range",
	"dup",	     "dup2",	    "dup3",
	"epoll_ctl", "epoll_pwait", "epoll_wait",
	"fadvise64", "fallocate",   "fchdir",
	"fchmod",    "fchown",	    "fcntl",
	"fdatasync", "fgetxattr",   "flock",
	"fsconfig",  "fsetxattr",   "fsmount",
	"fstat",     "fstatfs",	    "fsync",
	"ftruncate", "getdents64",  "getsockname",
	"ioctl",     "listen",	    "lseek",
	"pread64",   "preadv",	    "pwrite64",
	"read",	     "readv",	    "recvfrom",
	"recvmsg",   "sendfile",    "sendmsg",
	"sendto",    "setns",	    "setsockopt",
	"shutdown",  "splice",	    "syncfs",
	"write",     "writev",	    "pidfd_send_signal",
	"waitid",
};

static const char *const MOUNTING[] = {"mount", "move_mount", "pivot_root"};

static bool named(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (STREQ(name, names[i]))
			return true;
	return false;
}

static void describe(struct call *call, uint64_t number)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number);

	if (name)
		snprintf(call->name, sizeof(call->name), "%s", name);
	else
		snprintf(call->name, sizeof(call->name), "call-%llu", (unsigned long long)number);
	free(name);
	call->takes_descriptor = named(call->name, WITH_DESCRIPTOR, ARRAY_SIZE(WITH_DESCRIPTOR));
	call->mounts = named(call->name, MOUNTING, ARRAY_SIZE(MOUNTING));
	for (size_t i = 0; i < ARRAY_SIZE(WITH_PATHS); i++) {
		if (!STREQ(call->name, WITH_PATHS[i].name))
			continue;
		memcpy(call->paths, WITH_PATHS[i].paths, sizeof(call->paths));
		call->path_count = call->paths[1].path != call->paths[1].dirfd ? 2 : 1;
	}
}

const struct call *call_of(uint64_t number)
{
	static struct call calls[CALLS_MAX];
	struct call *call = &calls[MIN(number, (uint64_t)CALLS_MAX - 1)];

	if (!call->name[0])
		describe(call, number);
	return call;
}

int call_read_string(pid_t pid, uint64_t address, char *ret, size_t size)
{
	size_t done = 0;

	while (done < size) {
		/* not across the end of a page: the next one may not be there */
		size_t chunk = MIN(size - done, 4096 - ((address + done) & 4095));
		struct iovec local = {ret + done, chunk};
		struct iovec remote = {(void *)(uintptr_t)(address + done), chunk};
		ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (n <= 0)
			return n < 0 ? -errno : -EFAULT;
		if (memchr(ret + done, 0, (size_t)n))
			return 0;
		done += (size_t)n;
	}
	return -ENAMETOOLONG;
}

#if defined(__x86_64__)

int call_skip(pid_t pid)
{
	size_t offset = offsetof(struct user, regs) + offsetof(struct user_regs_struct, orig_rax);

	return ptrace(PTRACE_POKEUSER, pid, offset, -1L) < 0 ? -errno : 0;
}

int call_refuse_break(pid_t pid)
{
	size_t offset = offsetof(struct user, regs) + offsetof(struct user_regs_struct, rdi);

	return ptrace(PTRACE_POKEUSER, pid, offset, 0L) < 0 ? -errno : 0;
}

int call_set_result(pid_t pid, int64_t value)
{
	size_t offset = offsetof(struct user, regs) + offsetof(struct user_regs_struct, rax);

	return ptrace(PTRACE_POKEUSER, pid, offset, (long)value) < 0 ? -errno : 0;
}

#elif defined(__aarch64__)

#include <elf.h>

int call_skip(pid_t pid)
{
	int none = -1;
	struct iovec iov = {&none, sizeof(none)};

	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov) < 0 ? -errno : 0;
}

/* The first argument and the result are in the same register. */
int call_set_result(pid_t pid, int64_t value)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	regs.regs[0] = (uint64_t)value;
	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

int call_refuse_break(pid_t pid)
{
	return call_set_result(pid, 0);
}

#else
#error "step knows x86-64 and arm64"
#endif
