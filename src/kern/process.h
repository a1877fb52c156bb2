/*
 * A process by what names it for good: its id and its start time (field 22 of /proc/<pid>/stat, in
 * clock ticks since the boot). An id alone may by now be somebody else's.
 *
 * Returns 0, >= 0 or -errno; -ESRCH: there is no such process (any more).
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>
#include <sys/types.h>

/* The start time of @pid, and its state letter (R S D Z …) if asked for. */
int process_start(pid_t pid, uint64_t *ret_ticks, char *ret_state) MUST_CHECK;

/* A pidfd of exactly that process. */
int process_open(pid_t pid, uint64_t ticks) MUST_CHECK;

/* 1: it lives; 0: it does not, or only its zombie is left. */
int process_alive(pid_t pid, uint64_t ticks) MUST_CHECK;

/* How a process that has ended did so, without being its parent: exit status, or 128 + signal. What
 * the kernel says of the zombie, or, once that is reaped, of the pidfd (Linux 6.15), which must be
 * from before. -ENODATA: it does not say. */
int process_exit_status(int pid_fd, pid_t pid, uint64_t ticks) MUST_CHECK;

/* What number the process of a pidfd has here. */
int process_number(int pid_fd, pid_t *ret) MUST_CHECK;

int process_signal(int pid_fd, int signal) MUST_CHECK;

/* Waits until the process has ended, child of ours or not; 0 if so, -ETIMEDOUT. @timeout_ms < 0: no
 * bound. */
int process_wait(int pid_fd, int timeout_ms) MUST_CHECK;
