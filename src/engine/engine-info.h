/*
 * What every door shows of the engine as a whole, and of the machine it is on.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/utsname.h>

struct engine_info {
	size_t containers, running, paused, stopped; /* stopped: created or exited */
	size_t images;
	struct utsname system;
	char *system_name;	    /* "Debian GNU/Linux 12 (bookworm)" */
	const char *cgroup_version; /* "1", "2" */
	long cpus;
	uint64_t memory; /* bytes */
};

int engine_info(struct engine *engine, struct engine_info *ret, struct error *err) MUST_CHECK;
void engine_info_release(struct engine_info *info);
#define auto_engine_info CLEANUP(engine_info_release) struct engine_info

/* What images call a machine: "x86_64" is "amd64". */
const char *engine_architecture(const char *machine);
