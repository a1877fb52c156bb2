/*
 * The options that `run` and `create` share, and the config that they make.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/options.h"
#include "base/strv.h"
#include "engine/container-config.h"

#include <stddef.h>

/* Where the options write to: the beginning of the values of both verbs. */
struct container_options {
	bool interactive, tty, publish_all, read_only, rm;
	const char *name, *hostname, *user, *working_dir, *entrypoint, *network;
	const char *memory, *memory_swap, *cpus, *cpu_shares, *pids_limit, *cgroup_parent;
	const char *stop_signal, *stop_timeout, *runtime, *cidfile, *pull, *platform, *restart;
	struct strv attach, publish, volumes, env, env_files, tmpfs, labels, hosts;
	struct strv dns, dns_search, dns_options;
};

/* Rows of an option table for a structure whose first member is struct container_options. */
#define CONTAINER_OPTION(letter, kind, name, member, argument, help)                           \
	{                                                                                      \
		name, letter, kind, offsetof(struct container_options, member), argument, help \
	}
/* clang-format off */
#define CONTAINER_OPTIONS \
	CONTAINER_OPTION(0, OPTION_LIST, "add-host", hosts, "list", \
			 "Add a custom host-to-IP mapping (host:ip)"), \
	CONTAINER_OPTION('a', OPTION_LIST, "attach", attach, "list", \
			 "Attach to STDIN, STDOUT or STDERR"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cgroup-parent", cgroup_parent, "string", \
			 "Optional parent cgroup for the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cidfile", cidfile, "string", \
			 "Write the container ID to the file"), \
	CONTAINER_OPTION('c', OPTION_STRING, "cpu-shares", cpu_shares, "int", \
			 "CPU shares (relative weight)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cpus", cpus, "decimal", "Number of CPUs"), \
	CONTAINER_OPTION(0, OPTION_LIST, "dns", dns, "list", "Set custom DNS servers"), \
	CONTAINER_OPTION(0, OPTION_LIST, "dns-option", dns_options, "list", "Set DNS options"), \
	CONTAINER_OPTION(0, OPTION_LIST, "dns-search", dns_search, "list", \
			 "Set custom DNS search domains"), \
	CONTAINER_OPTION(0, OPTION_STRING, "entrypoint", entrypoint, "string", \
			 "Overwrite the default ENTRYPOINT of the image"), \
	CONTAINER_OPTION('e', OPTION_LIST, "env", env, "list", "Set environment variables"), \
	CONTAINER_OPTION(0, OPTION_LIST, "env-file", env_files, "list", \
			 "Read in a file of environment variables"), \
	CONTAINER_OPTION('h', OPTION_STRING, "hostname", hostname, "string", \
			 "Container host name"), \
	CONTAINER_OPTION('i', OPTION_BOOL, "interactive", interactive, NULL, \
			 "Keep STDIN open even if not attached"), \
	CONTAINER_OPTION('l', OPTION_LIST, "label", labels, "list", \
			 "Set meta data on a container"), \
	CONTAINER_OPTION('m', OPTION_STRING, "memory", memory, "bytes", "Memory limit"), \
	CONTAINER_OPTION(0, OPTION_STRING, "memory-swap", memory_swap, "bytes", \
			 "Memory with swap, '-1' for no limit of swap"), \
	CONTAINER_OPTION(0, OPTION_STRING, "name", name, "string", \
			 "Assign a name to the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "network", network, "network", \
			 "Connect the container to a network: bridge, host, none"), \
	CONTAINER_OPTION(0, OPTION_STRING, "net", network, "network", "The same as --network"), \
	CONTAINER_OPTION(0, OPTION_STRING, "pids-limit", pids_limit, "int", \
			 "Tune container pids limit (set -1 for unlimited)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "platform", platform, "string", \
			 "Set platform if the image has several"), \
	CONTAINER_OPTION('p', OPTION_LIST, "publish", publish, "list", \
			 "Publish a container's port(s) to the host"), \
	CONTAINER_OPTION('P', OPTION_BOOL, "publish-all", publish_all, NULL, \
			 "Publish all exposed ports to random ports"), \
	CONTAINER_OPTION(0, OPTION_STRING, "pull", pull, "string", \
			 "Pull image before running (\"always\", \"missing\", \"never\")"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "read-only", read_only, NULL, \
			 "Mount the container's root filesystem as read only"), \
	CONTAINER_OPTION(0, OPTION_STRING, "restart", restart, "string", \
			 "Restart policy: only \"no\" for now"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "rm", rm, NULL, \
			 "Remove the container and its anonymous volumes when it exits"), \
	CONTAINER_OPTION(0, OPTION_STRING, "runtime", runtime, "string", \
			 "OCI runtime: name or absolute path"), \
	CONTAINER_OPTION(0, OPTION_STRING, "stop-signal", stop_signal, "string", \
			 "Signal to stop the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "stop-timeout", stop_timeout, "int", \
			 "Timeout (in seconds) to stop a container"), \
	CONTAINER_OPTION(0, OPTION_LIST, "tmpfs", tmpfs, "list", "Mount a tmpfs directory"), \
	CONTAINER_OPTION('t', OPTION_BOOL, "tty", tty, NULL, "Allocate a pseudo-TTY"), \
	CONTAINER_OPTION('u', OPTION_STRING, "user", user, "string", \
			 "Username or UID (format: <name|uid>[:<group|gid>])"), \
	CONTAINER_OPTION('v', OPTION_LIST, "volume", volumes, "list", "Bind mount a volume"), \
	CONTAINER_OPTION('w', OPTION_STRING, "workdir", working_dir, "string", \
			 "Working directory inside the container")
/* clang-format on */

/* Fills @ret (initialised here, released by the caller) from the options and from IMAGE [COMMAND]
 * [ARG...]. ERROR_INVALID in Docker's words. */
int container_options_config(const struct container_options *options, char **operands,
			     size_t operand_count, struct container_config *ret,
			     struct error *err) MUST_CHECK;

/* Adds the lines of a --env-file: KEY=value, or KEY for our own value of it; '#' begins a comment
 * line. */
int env_file_read(const char *path, struct strv *ret, struct error *err) MUST_CHECK;

/* The refusal of -t. */
int refuse_terminal(struct error *err);

/* Says "kist: why" and where help is, as run and create do. Returns the exit status for @err. */
int container_options_fail(const struct invocation *invocation, const struct error *err);
