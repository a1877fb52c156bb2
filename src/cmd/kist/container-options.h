/*
 * The options that `run` and `create` share, and the config that they make.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/options.h"
#include "base/strv.h"
#include "engine/container/config.h"

#include <stddef.h>

/* Where the options write to: the beginning of the values of both verbs. */
struct container_options {
	bool interactive, tty, publish_all, read_only, rm;
	const char *name, *hostname, *user, *working_dir, *entrypoint, *network;
	const char *memory, *memory_swap, *cpus, *cpu_shares, *pids_limit, *cgroup_parent;
	const char *stop_signal, *stop_timeout, *runtime, *cidfile, *pull, *platform, *restart;
	struct strv attach, publish, volumes, env, env_files, tmpfs, labels, hosts;
	struct strv dns, dns_search, dns_options;

	/* What engine/container/isolation.h is about. */
	bool init, oom_kill_disable, privileged;
	const char *blkio_weight, *cgroupns, *cpu_period, *cpu_quota, *cpuset_cpus;
	const char *cpuset_mems, *domainname, *ip, *ipc, *mac_address, *memory_reservation;
	const char *memory_swappiness, *oom_score_adj, *pid, *shm_size, *userns, *uts;
	struct strv annotations, blkio_weight_devices, cap_add, cap_drop, devices;
	struct strv device_rules, device_read_bps, device_read_iops, device_write_bps;
	struct strv device_write_iops, gpus, group_add, label_files, mounts;
	struct strv security_options, sysctls, ulimits;
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
	CONTAINER_OPTION(0, OPTION_LIST, "annotation", annotations, "list", \
			 "Add an annotation to the container (passed through to the OCI runtime)"), \
	CONTAINER_OPTION('a', OPTION_LIST, "attach", attach, "list", \
			 "Attach to STDIN, STDOUT or STDERR"), \
	CONTAINER_OPTION(0, OPTION_STRING, "blkio-weight", blkio_weight, "uint16", \
			 "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)"), \
	CONTAINER_OPTION(0, OPTION_LIST, "blkio-weight-device", blkio_weight_devices, "list", \
			 "Block IO weight (relative device weight)"), \
	CONTAINER_OPTION(0, OPTION_LIST, "cap-add", cap_add, "list", \
			 "Add Linux capabilities"), \
	CONTAINER_OPTION(0, OPTION_LIST, "cap-drop", cap_drop, "list", \
			 "Drop Linux capabilities"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cgroup-parent", cgroup_parent, "string", \
			 "Optional parent cgroup for the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cgroupns", cgroupns, "string", \
			 "Cgroup namespace to use (host|private)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cidfile", cidfile, "string", \
			 "Write the container ID to the file"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cpu-period", cpu_period, "int", \
			 "Limit CPU CFS (Completely Fair Scheduler) period"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cpu-quota", cpu_quota, "int", \
			 "Limit CPU CFS (Completely Fair Scheduler) quota"), \
	CONTAINER_OPTION('c', OPTION_STRING, "cpu-shares", cpu_shares, "int", \
			 "CPU shares (relative weight)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cpus", cpus, "decimal", "Number of CPUs"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cpuset-cpus", cpuset_cpus, "string", \
			 "CPUs in which to allow execution (0-3, 0,1)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "cpuset-mems", cpuset_mems, "string", \
			 "MEMs in which to allow execution (0-3, 0,1)"), \
	CONTAINER_OPTION(0, OPTION_LIST, "device", devices, "list", \
			 "Add a host device to the container"), \
	CONTAINER_OPTION(0, OPTION_LIST, "device-cgroup-rule", device_rules, "list", \
			 "Add a rule to the cgroup allowed devices list"), \
	CONTAINER_OPTION(0, OPTION_LIST, "device-read-bps", device_read_bps, "list", \
			 "Limit read rate (bytes per second) from a device"), \
	CONTAINER_OPTION(0, OPTION_LIST, "device-read-iops", device_read_iops, "list", \
			 "Limit read rate (IO per second) from a device"), \
	CONTAINER_OPTION(0, OPTION_LIST, "device-write-bps", device_write_bps, "list", \
			 "Limit write rate (bytes per second) to a device"), \
	CONTAINER_OPTION(0, OPTION_LIST, "device-write-iops", device_write_iops, "list", \
			 "Limit write rate (IO per second) to a device"), \
	CONTAINER_OPTION(0, OPTION_LIST, "dns", dns, "list", "Set custom DNS servers"), \
	CONTAINER_OPTION(0, OPTION_LIST, "dns-option", dns_options, "list", "Set DNS options"), \
	CONTAINER_OPTION(0, OPTION_LIST, "dns-search", dns_search, "list", \
			 "Set custom DNS search domains"), \
	CONTAINER_OPTION(0, OPTION_STRING, "domainname", domainname, "string", \
			 "Container NIS domain name"), \
	CONTAINER_OPTION(0, OPTION_STRING, "entrypoint", entrypoint, "string", \
			 "Overwrite the default ENTRYPOINT of the image"), \
	CONTAINER_OPTION('e', OPTION_LIST, "env", env, "list", "Set environment variables"), \
	CONTAINER_OPTION(0, OPTION_LIST, "env-file", env_files, "list", \
			 "Read in a file of environment variables"), \
	CONTAINER_OPTION(0, OPTION_LIST, "gpus", gpus, "gpu-request", \
			 "GPU devices to add to the container: not supported"), \
	CONTAINER_OPTION(0, OPTION_LIST, "group-add", group_add, "list", \
			 "Add additional groups to join"), \
	CONTAINER_OPTION('h', OPTION_STRING, "hostname", hostname, "string", \
			 "Container host name"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "init", init, NULL, \
			 "Run an init inside the container that forwards signals and reaps processes"), \
	CONTAINER_OPTION('i', OPTION_BOOL, "interactive", interactive, NULL, \
			 "Keep STDIN open even if not attached"), \
	CONTAINER_OPTION(0, OPTION_STRING, "ip", ip, "string", \
			 "IPv4 address: on user-defined networks only"), \
	CONTAINER_OPTION(0, OPTION_STRING, "ipc", ipc, "string", \
			 "IPC mode to use"), \
	CONTAINER_OPTION('l', OPTION_LIST, "label", labels, "list", \
			 "Set meta data on a container"), \
	CONTAINER_OPTION(0, OPTION_LIST, "label-file", label_files, "list", \
			 "Read in a line delimited file of labels"), \
	CONTAINER_OPTION(0, OPTION_STRING, "mac-address", mac_address, "string", \
			 "Container MAC address (e.g., 92:d0:c6:0a:29:33)"), \
	CONTAINER_OPTION('m', OPTION_STRING, "memory", memory, "bytes", "Memory limit"), \
	CONTAINER_OPTION(0, OPTION_STRING, "memory-reservation", memory_reservation, "bytes", \
			 "Memory soft limit"), \
	CONTAINER_OPTION(0, OPTION_STRING, "memory-swap", memory_swap, "bytes", \
			 "Memory with swap, '-1' for no limit of swap"), \
	CONTAINER_OPTION(0, OPTION_STRING, "memory-swappiness", memory_swappiness, "int", \
			 "Tune container memory swappiness (0 to 100) (default -1)"), \
	CONTAINER_OPTION(0, OPTION_LIST, "mount", mounts, "mount", \
			 "Attach a filesystem mount to the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "name", name, "string", \
			 "Assign a name to the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "net", network, "network", "The same as --network"), \
	CONTAINER_OPTION(0, OPTION_STRING, "network", network, "network", \
			 "Connect the container to a network: bridge, host, none"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "oom-kill-disable", oom_kill_disable, NULL, \
			 "Disable OOM Killer"), \
	CONTAINER_OPTION(0, OPTION_STRING, "oom-score-adj", oom_score_adj, "int", \
			 "Tune host's OOM preferences (-1000 to 1000)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "pid", pid, "string", \
			 "PID namespace to use"), \
	CONTAINER_OPTION(0, OPTION_STRING, "pids-limit", pids_limit, "int", \
			 "Tune container pids limit (set -1 for unlimited)"), \
	CONTAINER_OPTION(0, OPTION_STRING, "platform", platform, "string", \
			 "Set platform if the image has several"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "privileged", privileged, NULL, \
			 "Give extended privileges to this container"), \
	CONTAINER_OPTION('p', OPTION_LIST, "publish", publish, "list", \
			 "Publish a container's port(s) to the host"), \
	CONTAINER_OPTION('P', OPTION_BOOL, "publish-all", publish_all, NULL, \
			 "Publish all exposed ports to random ports"), \
	CONTAINER_OPTION(0, OPTION_STRING, "pull", pull, "string", \
			 "Pull image before running (\"always\", \"missing\", \"never\")"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "read-only", read_only, NULL, \
			 "Mount the container's root filesystem as read only"), \
	CONTAINER_OPTION(0, OPTION_STRING, "restart", restart, "string", \
			 "Restart policy to apply when a container exits"), \
	CONTAINER_OPTION(0, OPTION_BOOL, "rm", rm, NULL, \
			 "Remove the container and its anonymous volumes when it exits"), \
	CONTAINER_OPTION(0, OPTION_STRING, "runtime", runtime, "string", \
			 "OCI runtime: name or absolute path"), \
	CONTAINER_OPTION(0, OPTION_LIST, "security-opt", security_options, "list", \
			 "Security Options"), \
	CONTAINER_OPTION(0, OPTION_STRING, "shm-size", shm_size, "bytes", \
			 "Size of /dev/shm"), \
	CONTAINER_OPTION(0, OPTION_STRING, "stop-signal", stop_signal, "string", \
			 "Signal to stop the container"), \
	CONTAINER_OPTION(0, OPTION_STRING, "stop-timeout", stop_timeout, "int", \
			 "Timeout (in seconds) to stop a container"), \
	CONTAINER_OPTION(0, OPTION_LIST, "sysctl", sysctls, "map", \
			 "Sysctl options"), \
	CONTAINER_OPTION(0, OPTION_LIST, "tmpfs", tmpfs, "list", "Mount a tmpfs directory"), \
	CONTAINER_OPTION('t', OPTION_BOOL, "tty", tty, NULL, "Allocate a pseudo-TTY"), \
	CONTAINER_OPTION(0, OPTION_LIST, "ulimit", ulimits, "ulimit", \
			 "Ulimit options"), \
	CONTAINER_OPTION('u', OPTION_STRING, "user", user, "string", \
			 "Username or UID (format: <name|uid>[:<group|gid>])"), \
	CONTAINER_OPTION(0, OPTION_STRING, "userns", userns, "string", \
			 "User namespace to use"), \
	CONTAINER_OPTION(0, OPTION_STRING, "uts", uts, "string", \
			 "UTS namespace to use"), \
	CONTAINER_OPTION('v', OPTION_LIST, "volume", volumes, "list", "Bind mount a volume"), \
	CONTAINER_OPTION('w', OPTION_STRING, "workdir", working_dir, "string", \
			 "Working directory inside the container")
/* clang-format on */

/* Fills @ret (initialised here, released by the caller) from the options and from IMAGE [COMMAND]
 * [ARG...]. ERROR_INVALID in Docker's words. */
int container_options_config(const struct container_options *options, char **operands,
			     size_t operand_count, struct container_config *ret,
			     struct error *err) MUST_CHECK;

/* The part of it that fills in config->isolation. */
int isolation_options_apply(const struct container_options *options,
			    struct container_config *config, struct error *err) MUST_CHECK;

/* Adds the lines of a --env-file: KEY=value, or KEY for our own value of it; '#' begins a comment
 * line. */
int env_file_read(const char *path, struct strv *ret, struct error *err) MUST_CHECK;

/* Says "kist: why" and where help is, as run and create do. Returns the exit status for @err. */
int container_options_fail(const struct invocation *invocation, const struct error *err);
