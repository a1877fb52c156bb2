/*
 * The OCI configuration (runtime-spec 1.2) of a container: Docker's defaults (spec/defaults.h) and
 * what the container's own config adds. Pure text generation: everything that has to be looked up
 * was looked up before.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "engine/container/container.h"
#include "engine/engine.h"
#include "engine/host-devices.h"
#include "engine/user.h"

#include <stdbool.h>
#include <stdint.h>

struct spec_input {
	const struct engine *engine;
	const struct container *container;
	const struct user *user;
	const char *files; /* folder of hosts, hostname, resolv.conf */
	const char *hostname;
	const char *netns_path; /* namespace to join; NULL: see @host_network */
	bool host_network;	/* no network namespace of its own; otherwise a fresh one is made */
	const char *ipc_path;	/* namespaces to join, or NULL */
	const char *pid_path;
	const char *shm;  /* what is bound to /dev/shm; NULL: see isolation.ipc */
	const char *init; /* program that is process 1; NULL: the container's own */
	uint64_t capabilities;
	const char *seccomp;  /* JSON of its own profile; "": no filter; NULL: the default one */
	const char *block_io; /* JSON; NULL: no such limits */
	const struct host_devices *devices;
	unsigned thermal_cpus; /* CPUs whose thermal_throttle is to be masked */
	bool oom_score_adj;    /* it is to be set, even to 0 */
	bool swap_limit;       /* the kernel can limit swap */
};

void spec_write(const struct spec_input *input, struct str *out);

/* "<parent>/<id>", relative to the cgroup mount. Owned by the caller. */
char *spec_cgroup_path(const struct engine *engine, const struct container *container) MUST_CHECK;

/* The object "linux"; part of spec_write(). */
void spec_write_linux(struct json_writer *w, const struct spec_input *input);
