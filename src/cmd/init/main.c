/*
 * kist-init: process 1 of a container that was started with --init.
 *
 *	kist-init -- PROGRAM [ARG...]
 *
 * Starts PROGRAM in a process group of its own, in the foreground of the terminal if there is one,
 * passes every signal on to it, reaps what is left to process 1, and ends as PROGRAM did: with its
 * exit status, or 128 and the number of the signal. 127: PROGRAM is not there; 126: it cannot be
 * executed.
 *
 * Theory of operation. All signals but those of its own faults are blocked from the beginning, and
 * taken one by one with rt_sigtimedwait: no handler, no race. The child gets the mask back that was
 * there before.
 *
 * Without a libc, because a container pays for the start and for the memory of it: the program is a
 * few kilobytes, all of it here. The kernel's own interface is in a few lines for each
 *architecture.
 */
#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALL_SIGNALS  (~UINT64_C(0))
#define BIT(signal)  (UINT64_C(1) << ((signal)-1))
#define SIGNAL_BYTES 8
#define ANY_CHILD    (-1L)
#define DONT_WAIT    1 /* WNOHANG */
#define PATH_SIZE    4096
#define NOT_FOUND    127
#define NOT_EXECUTED 126
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#if defined(__x86_64__)
static long call(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

/* The kernel leaves the arguments on the stack; the ABI wants it aligned. */
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call init_main\n"
	"	hlt\n");
#elif defined(__aarch64__)
static long call(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x0, sp\n"
	"	bl init_main\n"
	"	brk #0\n");
#else
#error "this architecture needs a system call and a start of its own"
#endif

_Noreturn void init_main(uintptr_t *stack);

static _Noreturn void leave(int status)
{
	for (;;)
		(void)call(__NR_exit_group, status, 0, 0, 0);
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void say(const char *a, const char *b, const char *c)
{
	const char *const parts[] = {"kist-init: ", a, b, c, "\n"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)call(__NR_write, 2, (long)parts[i], (long)length(parts[i]), 0);
}

static const char *find_path(char *const *env)
{
	for (; *env; env++)
		if ((*env)[0] == 'P' && (*env)[1] == 'A' && (*env)[2] == 'T' && (*env)[3] == 'H' &&
		    (*env)[4] == '=')
			return *env + 5;
	return DEFAULT_PATH;
}

static long execute_at(const char *folder, size_t folder_len, const char *name, char **argv,
		       char **env)
{
	char path[PATH_SIZE];
	size_t n = 0, name_len = length(name);

	if (folder_len + name_len + 2 > sizeof(path))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < folder_len; i++)
		path[n++] = folder[i];
	path[n++] = '/';
	for (size_t i = 0; i <= name_len; i++)
		path[n++] = name[i];
	return call(__NR_execve, (long)path, (long)argv, (long)env, 0);
}

/* As execvp: what is not there is looked for further on, what may not be executed is remembered. */
static long execute(char **argv, char **env)
{
	const char *name = argv[0], *path = find_path(env);
	long result = -ENOENT;

	for (const char *p = name; *p; p++)
		if (*p == '/')
			return call(__NR_execve, (long)name, (long)argv, (long)env, 0);
	while (*name) {
		const char *end = path;
		long r;

		while (*end && *end != ':')
			end++;
		r = end == path ? execute_at(".", 1, name, argv, env)
				: execute_at(path, (size_t)(end - path), name, argv, env);
		if (r != -ENOENT && r != -ENOTDIR)
			result = r;
		if (!*end)
			break;
		path = end + 1;
	}
	return result;
}

static _Noreturn void child(char **argv, char **env, const uint64_t *mask)
{
	int group = (int)call(__NR_getpid, 0, 0, 0, 0);
	long r;

	/* A group of its own, so that what the terminal sends goes to it once: not also through us.
	 */
	(void)call(__NR_setpgid, 0, 0, 0, 0);
	/* Without a terminal this fails. SIGTTOU is blocked still. */
	(void)call(__NR_ioctl, 0, TIOCSPGRP, (long)&group, 0);
	(void)call(__NR_rt_sigprocmask, SIG_SETMASK, (long)mask, 0, SIGNAL_BYTES);
	r = execute(argv, env);
	say("exec ", argv[0],
	    r == -ENOENT || r == -ENOTDIR ? ": No such file or directory"
	    : r == -EACCES		  ? ": Permission denied"
					  : ": cannot be executed");
	leave(r == -ENOENT || r == -ENOTDIR ? NOT_FOUND : NOT_EXECUTED);
}

static int status_of(int status)
{
	return (status & 0x7f) ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

/* Reaps all there are. -1, or how the child ended, which is how we end. */
static int reap(long pid)
{
	int result = -1;

	for (;;) {
		int status = 0;
		long ended = call(__NR_wait4, ANY_CHILD, (long)&status, DONT_WAIT, 0);

		if (ended <= 0)
			return result;
		if (ended == pid)
			result = status_of(status);
	}
}

static _Noreturn void watch(long pid, const uint64_t *signals)
{
	for (;;) {
		long signal = call(__NR_rt_sigtimedwait, (long)signals, 0, 0, SIGNAL_BYTES);
		int status;

		if (signal == SIGCHLD) {
			status = reap(pid);
			if (status >= 0)
				leave(status);
		} else if (signal > 0) {
			(void)call(__NR_kill, pid, signal, 0, 0);
		}
	}
}

_Noreturn void init_main(uintptr_t *stack)
{
	/* Ours if they come from a fault: the kernel ends us then, blocked or not. */
	const uint64_t signals = ALL_SIGNALS & ~(BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGSEGV) |
						 BIT(SIGBUS) | BIT(SIGABRT) | BIT(SIGTRAP) |
						 BIT(SIGSYS) | BIT(SIGTTIN) | BIT(SIGTTOU));
	const uint64_t blocked = signals | BIT(SIGTTIN) | BIT(SIGTTOU);
	size_t argc = *stack;
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;
	uint64_t before = 0;
	long pid;

	if (argc < 3 || argv[1][0] != '-' || argv[1][1] != '-' || argv[1][2]) {
		say("usage: kist-init -- PROGRAM [ARG...]", "", "");
		leave(NOT_EXECUTED);
	}
	(void)call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&blocked, (long)&before, SIGNAL_BYTES);
	pid = call(__NR_clone, SIGCHLD, 0, 0, 0);
	if (pid == 0)
		child(argv + 2, env, &before);
	if (pid < 0) {
		say("cannot start a process", "", "");
		leave(NOT_EXECUTED);
	}
	watch(pid, &signals);
}
