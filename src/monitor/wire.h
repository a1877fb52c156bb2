/*
 * What the monitor and its clients say to each other, and how a monitor is called.
 *
 * Command line (all options, no operands; absolute paths; parsed by cmd/monitor):
 *
 *   kist-monitor --id ID --bundle DIR --runtime PATH [--runtime-root DIR]
 *     [--lower DIR ...]      layers of an overlay on DIR/rootfs, topmost first
 *     [--upper DIR --work DIR] [--volatile]
 *     [--rootfs DIR]         or a bind mount
 *     [--log FILE]           json-file log; absent: none
 *     [--exit FILE]          where the exit record is placed (atomically)
 *     [--sync]               the exit record is synced
 *     [--stdin]              the container's stdin is open (else /dev/null)
 *     [--terminal]           it has a terminal: stdin, stdout and stderr in one
 *     [--process FILE]       keeper of one more process in container ID: the runtime's "exec" of
 *                            this OCI process; --bundle is then a folder of its own
 *     [--prepare]            the bundle is not complete before the owner says WIRE_LAUNCH
 *     [--take-over]          the container runs already, and its monitor was killed
 *     [--netns-fd N]         held open for the life of the container
 *     [--hold-fd N ...]      held open (reserved ports)
 *     [--peer-fd N ...]      sockets to clients who are there before the container
 *     [--events DIR --event-attributes TEXT]  the end is told in the log of events there
 *     [--cgroup PATH]        relative to the cgroup mount, for the OOM verdict
 *     [--cleanup PATH --cleanup-arg ARG ...]  executed at the end unless the owner cleans up
 *     --owner-fd N           a SOCK_STREAM socket to the process that started it
 *
 * The owner's connection and those accepted on <bundle>/control carry frames: struct wire_header,
 * then length bytes. Numbers are in host order; both ends are programs of one build on one machine.
 * A peer that says anything else is disconnected.
 *
 *   monitor to client:
 *     WIRE_STARTED   struct wire_started: the container's process runs (owner only)
 *     WIRE_FAILED    kind name, newline, message: it does not; then the connection ends
 *     WIRE_OUTPUT    stream byte (1, 2), data; after WIRE_ATTACH only
 *     WIRE_EXITED    struct wire_exit; the exit record is in place already. To the owner and after
 *                    WIRE_WAIT, behind all output; then the connection ends
 *   client to monitor:
 *     WIRE_LAUNCH    owner, with --prepare: the bundle is complete, execute the runtime
 *     WIRE_COMMIT    owner: the container may outlive me. No output is read before it: an owner
 *                    that attaches first misses nothing. It need not wait for WIRE_STARTED
 *     WIRE_ATTACH    mask byte, enum wire_attach
 *     WIRE_RESIZE    struct wire_size, of the terminal; nothing without one
 *     WIRE_INPUT     data for stdin, after WIRE_ATTACH with WIRE_STDIN; length 0 is end of file.
 *                    With WIRE_STDIN_ONCE the end of the sending side is end of file as well
 *     WIRE_RESUME    struct wire_position, to a monitor that took over, before WIRE_COMMIT: what I
 *                    have of the output since the start, and do not want again
 *     WIRE_WAIT      wants WIRE_EXITED (the owner always gets it)
 *     WIRE_CLEANING  owner: I am going to clean up; and again behind WIRE_EXITED: I have begun to,
 *                    and what I leave undone is on record. Only then --cleanup is not executed
 *
 * Until WIRE_COMMIT the monitor ends with its owner and takes the container with it. The unread
 * output of the owner and of a --peer-fd holds the container back; any other client does so for a
 * short while (monitor/peer.h), and is then disconnected.
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
	WIRE_RESIZE,
	WIRE_LAUNCH,
	WIRE_RESUME,
};

/* In the bundle, if a monitor that held a terminal was killed. */
#define WIRE_TERMINAL_LOST "terminal-lost"

#define WIRE_LENGTH_MAX	   (64 * 1024)

enum wire_attach {
	WIRE_STDIN = 1 << 0,
	WIRE_STDOUT = 1 << 1,
	WIRE_STDERR = 1 << 2,
	WIRE_STDIN_ONCE = 1 << 3, /* with WIRE_STDIN: the end of this peer is the end of stdin */
};

struct wire_header {
	uint32_t type;	 /* enum wire_type */
	uint32_t length; /* of what follows, at most WIRE_LENGTH_MAX */
};

struct wire_position {
	uint64_t received[2]; /* bytes of stdout and of stderr */
};

struct wire_size {
	uint16_t rows, columns; /* 0: not known */
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
