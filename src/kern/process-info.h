/*
 * What /proc says of one process, all of it of the same process: read below one descriptor of its
 * folder, which leads nowhere once the process is gone, whoever has its number then.
 *
 * Returns 0 or -errno; -ESRCH: it is gone.
 */
#pragma once

#include "base/macro.h"

#include <stdint.h>
#include <sys/types.h>

struct process_info {
	pid_t pid, ppid, pgrp, session;
	char state;
	char comm[64];
	int tty; /* device number; 0: none */
	unsigned flags;
	uint64_t user_ticks, kernel_ticks; /* of its CPU time, in clock ticks */
	int64_t priority, nice, threads;
	uint64_t start_ticks; /* since the boot */
	uint64_t size;	      /* virtual, bytes */
	uint64_t resident;    /* bytes */
	int processor;
	pid_t terminal_group;
	uint32_t uid, euid, gid, egid;
	uint64_t locked; /* bytes of locked memory */
	char *command;	 /* its arguments, joined by spaces, unprintable bytes as '?'; "" if it has
			    none. Owned */
};

/* A descriptor of /proc/<pid>, for the calls below. */
int process_folder(pid_t pid) MUST_CHECK;

/* 1 if "/<name>" is a component in the process's cgroup paths, 0 if not. */
int process_in_cgroup(int folder_fd, const char *name) MUST_CHECK;

int process_info_read(int folder_fd, struct process_info *ret) MUST_CHECK;
void process_info_release(struct process_info *info);
