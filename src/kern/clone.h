/*
 * A child process that, with CLONE_VM, shares our memory until it executes: no page table is
 * copied.
 *
 * While such a child runs the caller must do nothing but block in one system call (a read from the
 * child): both use the same heap, the same errno and the same stack protector.
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>
#include <sys/types.h>

#define CLONE_STACK_SIZE (256 * 1024)

struct clone_child {
	pid_t pid;
	int pid_fd;
};

/*
 * Starts @entry(@arg) in a new process with @flags (CLONE_NEW*, CLONE_VM, CLONE_FILES,
 * CLONE_PARENT), in the cgroup
 * @cgroup_fd (-EBADF: the caller's; 5.7). What @entry returns is its exit status. @stack is
 * CLONE_STACK_SIZE bytes that live as long as the child needs them.
 */
int clone_start(uint64_t flags, int cgroup_fd, void *stack, int (*entry)(void *arg), void *arg,
		struct clone_child *ret) MUST_CHECK;
