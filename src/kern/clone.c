#include "kern/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc has no clone3 that takes a function; the child must not return on its new stack. */
#if defined(__x86_64__)
static long clone3_call(struct clone_args *args, size_t size, int (*entry)(void *), void *arg)
{
	register int (*entry_r12)(void *) __asm__("r12") = entry;
	register void *arg_r13 __asm__("r13") = arg;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%r13, %%rdi\n\t"
			 "callq *%%r12\n\t"
			 "movl %%eax, %%edi\n\t"
			 "movl %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(args), "S"(size), "r"(entry_r12),
			   "r"(arg_r13), [exit] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static long clone3_call(struct clone_args *args, size_t size, int (*entry)(void *), void *arg)
{
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)size;
	register long x8 __asm__("x8") = SYS_clone3;
	register int (*entry_x20)(void *) __asm__("x20") = entry;
	register void *arg_x21 __asm__("x21") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x21\n\t"
			 "blr x20\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc #0\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x1), "r"(x8), "r"(entry_x20),
			   "r"(arg_x21), [exit] "i"(SYS_exit_group)
			 : "memory", "cc");
	return x0;
}
#else
#error "clone3 needs a few lines of assembler for this architecture"
#endif

int clone_start(uint64_t flags, int cgroup_fd, void *stack, int (*entry)(void *arg), void *arg,
		struct clone_child *ret)
{
	int pid_fd = -EBADF;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pid_fd,
		/* A sibling has its own already: the caller's. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = CLONE_STACK_SIZE,
	};
	long pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = clone3_call(&args, sizeof(args), entry, arg);
	if (pid < 0)
		return (int)pid;
	*ret = (struct clone_child) {.pid = (pid_t)pid, .pid_fd = pid_fd};
	return 0;
}
