/*
 * System calls as step sees them: their names, which of their arguments are paths and descriptors,
 * and how to make one fail. All of it per architecture, x86-64 and arm64.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CALL_PATHS_MAX = 2 };

/* A path argument: which argument it is, and which one holds the descriptor it starts from (-1:
 * the working directory). */
struct call_path {
	int8_t dirfd;
	int8_t path;
};

struct call {
	char name[32];
	struct call_path paths[CALL_PATHS_MAX];
	unsigned path_count;
	bool takes_descriptor; /* as its first argument */
	bool mounts;	       /* changes what is mounted */
};

/* What is known of the system call @number. Valid for the life of the program. */
const struct call *call_of(uint64_t number);

/* Reads the NUL-terminated string at @address of @pid; at most @size bytes with the NUL. 0, or
 * -errno (-ENAMETOOLONG if it does not fit). */
int call_read_string(pid_t pid, uint64_t address, char *ret, size_t size);

/* At a stop before a system call: the kernel will not do it. */
int call_skip(pid_t pid);

/* At a stop before brk(): it cannot move the break, and returns where that is. */
int call_refuse_break(pid_t pid);

/* At a stop behind a system call: it has returned @value. */
int call_set_result(pid_t pid, int64_t value);
