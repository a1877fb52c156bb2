/*
 * What the monitor and its clients say to each other, and how a monitor is called.
 *
 * Command line (all options, no operands; parsed by cmd/monitor with the usual option table):
 *
 *   kist-monitor --id ID --bundle DIR --runtime PATH [--runtime-root DIR]
 *                [--lower DIR ...] [--upper DIR --work DIR] [--volatile]   overlay on DIR/rootfs,
 * topmost first
 *                [--rootfs DIR]                                            or a bind mount
 *                [--log FILE]           json-file log; absent: none
 *                [--exit FILE]          where the exit record is placed (atomically)
 *                [--sync]               the exit record is synced
 *                [--stdin]              the container's stdin is open (else /dev/null)
 *                [--netns-fd N]         held open for the life of the container
 *                [--hold-fd N ...]      held open (reserved ports)
 *                [--cgroup PATH]        relative to the cgroup mount, for the OOM verdict
 *                [--cleanup PATH --cleanup-arg ARG ...]  executed at the end unless the owner lives
 *                --owner-fd N           a SOCK_STREAM socket to the process that started it
 *
 * The owner's connection and those accepted on <bundle>/control carry frames: struct wire_header,
 * then length bytes. Numbers are in host order; both ends are programs of one build on one machine.
 *
 *   monitor → client   WIRE_STARTED  struct wire_started        the container's process runs
 *                      WIRE_FAILED   kind name '\n' message     it does not; the connection then
 * closes WIRE_OUTPUT   stream byte (1, 2), data   only after WIRE_ATTACH WIRE_EXITED   struct
 * wire_exit           the exit record is in place already client → monitor   WIRE_COMMIT owner: the
 * container may outlive me WIRE_ATTACH   mask byte: 1 stdin, 2 stdout, 4 stderr WIRE_INPUT    data;
 * length 0 is end of file WIRE_WAIT                                wants WIRE_EXITED (the owner
 * always gets it) WIRE_CLEANING                            owner: I clean up, do not execute
 * --cleanup
 *
 * Until WIRE_COMMIT the monitor dies with its parent (PR_SET_PDEATHSIG) and takes the container
 * with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum wire_type {
	WIRE_STARTED = 1,
	WIRE_FAILED,
	WIRE_OUTPUT,
	WIRE_EXITED,
	WIRE_COMMIT = 16,
	WIRE_ATTACH,
	WIRE_INPUT,
	WIRE_WAIT,
	WIRE_CLEANING,
};

#define WIRE_LENGTH_MAX (64 * 1024)

enum wire_attach {
	WIRE_STDIN = 1 << 0,
	WIRE_STDOUT = 1 << 1,
	WIRE_STDERR = 1 << 2,
};

struct wire_header {
	uint32_t type;	 /* enum wire_type */
	uint32_t length; /* of what follows, at most WIRE_LENGTH_MAX */
};

struct wire_started {
	int32_t pid; /* in the initial pid namespace */
	uint32_t reserved;
	uint64_t start_ticks; /* field 22 of /proc/<pid>/stat: tells the process from a later one of
				 that pid */
	int64_t time;	      /* wall clock, ns */
};

struct wire_exit {
	int32_t code;	     /* exit status, or 128 + signal; -1: unknown */
	uint32_t oom_killed; /* 0 or 1 */
	int64_t time;	     /* wall clock, ns */
};
