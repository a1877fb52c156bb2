/*
 * The OCI configuration (runtime-spec 1.2) of a container: Docker's defaults (spec/defaults.h) and
 * what the container's own config adds. Pure text generation: everything that has to be looked up
 * was looked up before.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/user.h"

#include <stdbool.h>

struct spec_input {
	const struct engine *engine;
	const struct container *container;
	const struct user *user;
	const char *bundle; /* folder of hosts, hostname, resolv.conf */
	const char *hostname;
	const char *netns_path; /* namespace to join; NULL: see @host_network */
	bool host_network;	/* no network namespace of its own; otherwise a fresh one is made */
	bool swap_limit;	/* the kernel can limit swap */
};

void spec_write(const struct spec_input *input, struct str *out);

/* "<parent>/<id>", relative to the cgroup mount. Owned by the caller. */
char *spec_cgroup_path(const struct engine *engine, const struct container *container) MUST_CHECK;
