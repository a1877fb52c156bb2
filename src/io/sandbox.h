/*
 * The sandbox of a worker, entered by the worker itself before it reads a byte from outside.
 *
 * All: mount, IPC and UTS namespaces of its own, an empty read-only root (or the one folder it is
 * to fill), no_new_privs, resource limits, Landlock where the kernel has it, a list of allowed
 * system calls, death with the parent. Unprivileged ones moreover run under a user id that nobody
 * else has, in a user namespace that maps no id at all, without capabilities: a leaked descriptor
 * gives them nothing that is root's.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small file for the empty root. */
struct sandbox_file {
	const char *path; /* "ca.pem", "etc/hosts" */
	const void *data; /* NULL: leave it out */
	size_t len;
};

struct sandbox {
	int root_fd;	/* this folder becomes the root, and the descriptor leads to that (O_PATH);
			   -EBADF: an empty one. A tree that is attached nowhere (open_tree,
			   fsmount) is taken as it is: it is of no use to others afterwards */
	bool recursive; /* with what is mounted below that folder */
	bool read_only;
	/* Put into the empty root, for all to read. */
	const struct sandbox_file *files;
	size_t file_count;
	/* Stay in the network namespace of the caller, with sockets of the Internet's families. */
	bool network;
	/* Bits of the capabilities to keep (1 << CAP_CHOWN | …). 0: be nobody. */
	uint64_t capabilities;
	/* Stay in the user namespace of the caller: the ids of those at the other end of a socket
	 * are then what they are. For those without capabilities. */
	bool see_users;
	uint64_t memory;      /* RLIMIT_DATA, bytes */
	uint64_t descriptors; /* RLIMIT_NOFILE; 0: 64 */
	const int *system_calls;
	size_t system_call_count;
};

/* Enters; there is no way back, and after a failure the process must end. ERROR_UNSUPPORTED names
 * what this machine refuses. */
int sandbox_enter(const struct sandbox *sandbox, struct error *err) MUST_CHECK;
